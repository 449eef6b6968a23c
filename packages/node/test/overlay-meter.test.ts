import assert from 'node:assert/strict'
import type { Outcome } from '@onehop/overlay'
import { Registry } from 'prom-client'
import { OverlayMeter } from '../src/overlay-meter.ts'

const FOUND: Outcome = { pointers: [], hops: 1, messages: 1, attempts: 1, elapsedMs: 20, acknowledgements: 1 }

const overlay: Parameters<OverlayMeter['measured']>[0] = {
  isReady: true,
  canSearch: true,
  mostPublications: undefined,
  requestDelivery: async () => undefined,
  noteDownload: () => {},
  ready: Promise.resolve(FOUND),
  publish: async () => FOUND,
  withdraw: async () => FOUND,
  lookup: async () => ({ ...FOUND, failure: 'not found' }),
  search: async () => FOUND,
}

describe('figures of what is asked of the overlay', () => {
  it('count outcomes, hops and seconds by operation', async () => {
    const registry = new Registry()
    const meter = new OverlayMeter()
    meter.registerIn(registry)
    const measured = meter.measured(overlay, { name: 'kelips', isolation: undefined })
    const key = new Uint8Array(32)
    await measured.publish({ kind: 'content', key })
    await measured.search(['rome'])
    await measured.search(['rome'])
    assert.equal((await measured.lookup(key)).failure, 'not found')
    const lines = (await registry.metrics()).split('\n')
    for (const line of [
      'onehop_overlay_operations_total{operation="search",result="success"} 2',
      'onehop_overlay_operations_total{operation="lookup",result="not found"} 1',
      'onehop_overlay_operation_seconds_bucket{le="0.01",operation="search"} 0',
      'onehop_overlay_operation_seconds_bucket{le="0.025",operation="search"} 2',
      'onehop_overlay_hops_bucket{le="0",operation="publish"} 0',
      'onehop_overlay_hops_bucket{le="1",operation="publish"} 1',
    ])
      assert.ok(lines.includes(line), line)
    assert.ok(
      !lines.some(line => line.includes('hops_bucket') && line.includes('lookup')),
      'no answer, no hops',
    )
  })
})
