import assert from 'node:assert/strict'
import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import { identify } from '@libp2p/identify'
import { KELIPS_TESTNET } from '@onehop/kelips'
import { createHeliaLight } from 'helia'
import { type KelipsService, kelips } from '../src/index.ts'
import { bareLibp2p, cidOf } from './support/kelips-nodes.ts'

type Services = { kelips: KelipsService; [name: string]: unknown }

describe('Helia with kelips() in place of kadDHT()', () => {
  const running: HeliaWithLibp2p<Services>[] = []

  async function startHelia(introducers: readonly string[] = []): Promise<HeliaWithLibp2p<Services>> {
    const options = { options: KELIPS_TESTNET, introducers }
    const helia = withBitswap(
      withLibp2pLight(createHeliaLight(), {
        ...bareLibp2p(),
        services: { identify: identify(), kelips: kelips(options) },
      }),
    )
    await helia.start()
    running.push(helia)
    return helia
  }

  after(() => Promise.all(running.map(helia => helia.stop())))

  it('publishes a CID, and fetches its block from where Kelips says that it is', async () => {
    const first = await startHelia()
    const introducers = [first.libp2p.getMultiaddrs()[0]!.toString()]
    const publisher = await startHelia(introducers)
    const reader = await startHelia(introducers)
    await Promise.all(running.map(({ libp2p }) => libp2p.services.kelips.ready))
    const block = new TextEncoder().encode('one hop away')
    const cid = await cidOf('one hop away')
    await publisher.blockstore.put(cid, block)
    await publisher.routing.provide(cid)
    const signal = AbortSignal.timeout(10_000)
    const providers: string[] = []
    for await (const { id } of reader.routing.findProviders(cid, { signal })) providers.push(id.toString())
    assert.deepEqual(providers, [publisher.libp2p.peerId.toCID().toString()])
    const chunks: Uint8Array[] = []
    for await (const chunk of reader.blockstore.get(cid, { signal })) chunks.push(chunk)
    assert.deepEqual(Buffer.concat(chunks), Buffer.from(block))
    assert.ok(await reader.blockstore.has(cid))
  })
})
