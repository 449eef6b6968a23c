import assert from 'node:assert/strict'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { KELIPS_TESTNET, type KelipsMessage, kelips } from '@onehop/kelips'
import { contentKey } from '@onehop/overlay'
import { createNetwork, type Network, type NetworkOptions, type WireConnection } from '../src/index.ts'
import { until } from './support/nodes.ts'
import { ToyChain } from './support/toy-chain.ts'

const running: Network<KelipsMessage>[] = []
const KEY = contentKey(Uint8Array.of(0x12, 0x20, ...new Uint8Array(32).fill(3)))
const PIECE = new Uint8Array(300_000).fill(7)

async function start(
  bootstrap: readonly string[] = [],
  options: Partial<NetworkOptions<KelipsMessage>> = {},
): Promise<Network<KelipsMessage>> {
  const chain = new ToyChain()
  const network = await createNetwork({
    privateKey: privateKeyToProtobuf(await generateKeyPair('Ed25519')),
    bootstrap,
    genesisHash: chain.genesis.hash,
    chain,
    overlay: kelips(KELIPS_TESTNET),
    ...options,
  })
  running.push(network)
  return network
}

/** Sends a piece to whoever opens a swarm stream. */
function serve(connection: WireConnection): void {
  connection.onData(() => connection.send(PIECE))
}

function bytesFrom(connection: WireConnection): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    connection.onData(data => {
      bytes += data.length
      if (bytes === PIECE.length) resolve(bytes)
    })
    connection.onClose(error => reject(error ?? new Error(`closed after ${bytes} bytes`)))
    connection.send(Uint8Array.of(1))
  })
}

describe('nodes that listen nowhere', () => {
  afterEach(async () => {
    await Promise.all(running.splice(0).map(node => node.stop()))
  })

  it('are reached through a third: the overlay finds them, and their content comes', async () => {
    const middle = await start()
    const hidden = await start(middle.addresses(), { listen: [], onSwarmStream: serve })
    const asking = await start(middle.addresses(), { listen: [] })
    await Promise.all([hidden, asking].map(node => node.overlay.ready))
    await until('both have an address', () => [hidden, asking].every(node => node.addresses().length > 0))
    for (const address of hidden.addresses()) assert.match(address, /\/p2p-circuit\/p2p\//)

    await hidden.overlay.publish({ kind: 'content', key: KEY })
    const found = await asking.overlay.lookup(KEY)
    assert.equal(found.failure, undefined)
    const stream = await asking.openSwarmStream(hidden.peerId, hidden.addresses())
    assert.equal(await bytesFrom(stream), PIECE.length)
    assert.match(asking.peers().find(({ peerId }) => peerId === hidden.peerId)?.address ?? '', /p2p-circuit/)
  })

  it('find another relay when theirs goes, and tell of their new address', async () => {
    const first = await start()
    const second = await start(first.addresses())
    const third = await start(first.addresses())
    const hidden = await start(first.addresses(), { listen: [] })
    let told: readonly string[] = []
    hidden.on('addresses', addresses => {
      told = addresses
    })
    const relaysOf = (addresses: readonly string[]) =>
      [first, second, third].filter(({ peerId }) => addresses.some(address => address.includes(peerId)))
    await until('it has two relays', () => relaysOf(hidden.addresses()).length === 2)
    const [lost, kept] = relaysOf(hidden.addresses()) as [Network<KelipsMessage>, Network<KelipsMessage>]
    await lost.stop()
    await until('it has two again', () => {
      const now = relaysOf(hidden.addresses())
      return now.length === 2 && !now.includes(lost) && now.includes(kept)
    })
    assert.deepEqual(new Set(told), new Set(hidden.addresses()))
  })

  it('are not relayed to by a node that does not want to', async () => {
    const unwilling = await start([], { relay: false })
    const willing = await start(unwilling.addresses())
    const hidden = await start(unwilling.addresses(), { listen: [] })
    await until('it has an address', () => hidden.addresses().length > 0)
    assert.ok(hidden.addresses().every(address => address.includes(willing.peerId)))
  })

  it('have a relay again that was away', async () => {
    const privateKey = privateKeyToProtobuf(await generateKeyPair('Ed25519'))
    const before = await start([], { privateKey })
    const listen = before.addresses().map(address => address.replace(/\/p2p\/.*/, ''))
    const hidden = await start(before.addresses(), { listen: [] })
    await until('it has an address', () => hidden.addresses().length > 0)
    await before.stop()
    await until('it has none', () => hidden.addresses().length === 0)
    await start([], { privateKey, listen })
    await until('it has one again', () => hidden.addresses().length > 0)
  })

  it('come to who asks them when the overlay can tell them, and no relay carries their content', async () => {
    const middle = await start()
    const hidden = await start(middle.addresses(), { listen: [], onSwarmStream: serve })
    const asking = await start(middle.addresses())
    await until('it has an address', () => hidden.addresses().length > 0)
    let asked = 0
    const comeToUs = async () => {
      asked++
      await hidden.connect(asking.addresses()[0]!)
    }
    await asking.disconnect(hidden.peerId)
    const stream = await asking.openSwarmStream(hidden.peerId, hidden.addresses(), undefined, comeToUs)
    assert.equal(await bytesFrom(stream), PIECE.length)
    assert.equal(asked, 1)
    const { address } = asking.peers().find(({ peerId }) => peerId === hidden.peerId)!
    assert.doesNotMatch(address, /p2p-circuit/)
  })
})
