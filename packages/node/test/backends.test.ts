import assert from 'node:assert/strict'
import { accelerate } from '@onehop/accelerators'
import { startNode } from '@onehop/node'
import { hashBackend } from '@onehop/primitives'

describe('what a node computes with', () => {
  it('is in its status, and is installed', async () => {
    const node = await startNode({ inMemory: true, threads: 3 })
    try {
      const { verifier, hashes, fallbacks } = accelerate()
      assert.deepEqual(node.status().backends, {
        verifier: verifier.name,
        hashes: hashes.name,
        threads: 3,
        fallbacks,
      })
      assert.equal(hashBackend(), hashes)
    } finally {
      await node.stop()
    }
  })
})
