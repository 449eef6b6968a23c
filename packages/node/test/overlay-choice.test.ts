import assert from 'node:assert/strict'
import { OVERLAY_NAMES } from '@onehop/classic-overlays'
import { OVERLAYS } from '@onehop/rpc'
import { loadOverlay } from '../src/overlay-choice.ts'

describe('the overlays that a node can run', () => {
  it('are Kelips and all the classic ones', () => {
    assert.deepEqual([...OVERLAYS].sort(), ['kelips', ...OVERLAY_NAMES].sort())
  })

  for (const name of OVERLAYS) {
    it(`have a protocol of their own: ${name}`, async () => {
      const factories = await Promise.all([loadOverlay(name, 'default'), loadOverlay(name, 'testnet')])
      for (const { protocol } of factories) assert.match(protocol, new RegExp(`^${name}/\\d+$`))
    })
  }
})
