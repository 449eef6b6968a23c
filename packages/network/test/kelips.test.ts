import assert from 'node:assert/strict'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { KELIPS_TESTNET, type KelipsMessage, kelips } from '@onehop/kelips'
import { contentKey } from '@onehop/overlay'
import { bytesToHex } from '@onehop/primitives'
import { createNetwork, type Network } from '../src/index.ts'
import { until } from './support/nodes.ts'
import { ToyChain } from './support/toy-chain.ts'

const running: Network<KelipsMessage>[] = []
const MULTIHASH = Uint8Array.of(0x12, 0x20, ...new Uint8Array(32).fill(3))

async function start(bootstrap: readonly string[] = []): Promise<Network<KelipsMessage>> {
  const chain = new ToyChain()
  const network = await createNetwork({
    privateKey: privateKeyToProtobuf(await generateKeyPair('Ed25519')),
    bootstrap,
    genesisHash: chain.genesis.hash,
    chain,
    overlay: kelips(KELIPS_TESTNET),
  })
  running.push(network)
  return network
}

async function startMany(count: number): Promise<Network<KelipsMessage>[]> {
  const first = await start()
  const rest = await Promise.all(Array.from({ length: count - 1 }, () => start(first.addresses())))
  const nodes = [first, ...rest]
  await Promise.all(nodes.map(node => node.overlay.ready))
  return nodes
}

async function providersOf(node: Network<KelipsMessage>, key: Uint8Array): Promise<number> {
  return (await node.overlay.lookup(key)).pointers.length
}

describe('kelips over the network', () => {
  afterEach(async () => {
    await Promise.all(running.splice(0).map(node => node.stop()))
  })

  it('connects eight nodes that know one address, and finds what one has in at most two hops', async () => {
    const nodes = await startMany(8)
    await until('everybody has most of the others', () => nodes.every(node => node.peers().length >= 6))
    const key = contentKey(MULTIHASH)
    const published = await nodes[4]!.overlay.publish({ kind: 'content', key })
    assert.equal(published.failure, undefined)
    assert.ok(published.acknowledgements >= 1)
    for (const node of nodes) {
      const outcome = await node.overlay.lookup(key)
      assert.deepEqual(
        outcome.pointers.map(pointer => bytesToHex(pointer.provider)),
        [bytesToHex(peerIdFromString(nodes[4]!.peerId).toMultihash().bytes)],
      )
      assert.ok(outcome.hops <= 2)
    }
    await nodes[4]!.overlay.withdraw(key)
    await until('nobody finds it any more', async () => (await providersOf(nodes[1]!, key)) === 0)
  })

  it('lets a node in that started before its introducer', async () => {
    const introducer = await start()
    const [address] = introducer.addresses()
    await introducer.stop()
    const early = await start([address!.replace(/\/p2p\/.*/, '')])
    const chain = new ToyChain()
    const late = await createNetwork({
      privateKey: privateKeyToProtobuf(await generateKeyPair('Ed25519')),
      listen: [address!.replace(/\/p2p\/.*/, '')],
      bootstrap: [],
      genesisHash: chain.genesis.hash,
      chain,
      overlay: kelips(KELIPS_TESTNET),
    })
    running.push(late)
    assert.equal((await early.overlay.ready).failure, undefined)
  })
})
