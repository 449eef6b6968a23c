import assert from 'node:assert/strict'
import {
  encodePexMessage,
  formatPeerAddress,
  MAX_PEX_PEERS,
  MAX_PEX_PEERS_TAKEN,
  OUR_UT_PEX_ID,
  PEX_FLAG,
  PEX_INTERVAL_MS,
  PEX_LOOK_MS,
  type PeerAddress,
  parsePexMessage,
  type WireMessage,
} from '@onehop/swarm'
import fc from 'fast-check'
import { isPlausibleFrom } from '../src/extensions/plausible-address.ts'
import { makeContent, type VirtualPeer, type VirtualPeerOptions, VirtualSwarm } from './virtual-swarm.ts'

const { content, info } = makeContent(1_000_000)

const at = (host: string, port = 6881): PeerAddress => ({ host, port })
const learnedBy = (peer: VirtualPeer) => peer.learned.map(formatPeerAddress).sort()

/** A hub that others have connected to, each with an address of its own. */
function hub(
  addresses: readonly PeerAddress[],
  hubOptions: VirtualPeerOptions = {},
  swarm = new VirtualSwarm(info),
) {
  const middle = swarm.addPeer('middle', hubOptions)
  const around = addresses.map((address, i) =>
    swarm.addPeer(`peer ${i}`, { address, listenPort: address.port }),
  )
  for (const peer of around) swarm.connect(peer, middle)
  return { swarm, middle, around }
}

/** Messages of ut_pex among what a peer sends. */
function pexSentBy(peer: VirtualPeer): { readonly added: number; readonly dropped: number }[] {
  const messages: { added: number; dropped: number }[] = []
  peer.observe = (message: WireMessage) => {
    if (message.type !== 'extended' || message.id !== OUR_UT_PEX_ID) return
    const parsed = parsePexMessage(message.payload)
    assert.ok(parsed.ok)
    messages.push({ added: parsed.value.added.length, dropped: parsed.value.dropped.length })
  }
  return messages
}

describe('peer exchange (BEP 11)', () => {
  it('tells everybody where the others listen, and nobody of himself', () => {
    const { swarm, around } = hub([at('8.8.8.1'), at('8.8.8.2', 7000), at('2001:db9::3', 7001)])
    swarm.run(PEX_LOOK_MS + 2000)
    assert.deepEqual(learnedBy(around[0]!), ['8.8.8.2:7000', '[2001:db9::3]:7001'])
    assert.deepEqual(learnedBy(around[2]!), ['8.8.8.1:6881', '8.8.8.2:7000'])
  })

  it('says once a minute at most what has changed: who came, and who went', () => {
    const { swarm, middle, around } = hub([at('8.8.8.1'), at('8.8.8.2')])
    const messages = pexSentBy(middle)
    swarm.run(PEX_LOOK_MS + 1000)
    assert.deepEqual(messages, [
      { added: 1, dropped: 0 },
      { added: 1, dropped: 0 },
    ])
    around[1]!.disconnect([...around[1]!.links.keys()][0]!)
    middle.disconnect([...middle.links.keys()][1]!)
    swarm.connect(swarm.addPeer('late', { address: at('8.8.8.3'), listenPort: 1 }), middle)
    swarm.run(PEX_INTERVAL_MS - PEX_LOOK_MS - 5000)
    assert.equal(messages.filter(({ dropped }) => dropped > 0).length, 0)
    swarm.run(PEX_LOOK_MS + 8000)
    assert.deepEqual(
      messages.filter(({ dropped }) => dropped > 0),
      [{ added: 1, dropped: 1 }],
    )
  })

  it('tells of no more than fifty at a time, and of the others later', () => {
    const many = Array.from({ length: MAX_PEX_PEERS + 20 }, (_, i) => at(`9.9.9.${i + 1}`))
    const { swarm, middle, around } = hub(many)
    const messages = pexSentBy(middle)
    swarm.run(PEX_INTERVAL_MS * 1.5)
    assert.ok(messages.every(({ added }) => added <= MAX_PEX_PEERS))
    swarm.run(2 * PEX_INTERVAL_MS)
    assert.equal(learnedBy(around[0]!).length, many.length - 1)
  })

  it('does not take place in a private torrent (BEP 27)', () => {
    const privateContent = makeContent(1_000_000, 64 * 1024, 1, { isPrivate: true })
    const swarm = new VirtualSwarm(privateContent.info)
    const { middle, around } = hub([at('8.8.8.1'), at('8.8.8.2')], {}, swarm)
    const messages = pexSentBy(middle)
    swarm.run(PEX_INTERVAL_MS)
    assert.deepEqual(messages, [])
    const payload = encodePexMessage({ added: [{ ...at('7.7.7.7'), flags: 0 }], dropped: [] })
    const [key] = around[0]!.links.keys()
    around[0]!.send(key!, { type: 'extended', id: OUR_UT_PEX_ID, payload })
    swarm.run(1000)
    assert.deepEqual(middle.learned, [])
    assert.deepEqual(middle.drops, [])
  })

  it('tells nobody of anybody before it is known whether the torrent is private', () => {
    const { swarm, middle } = hub([at('8.8.8.1'), at('8.8.8.2')], { knowsInfo: false })
    const messages = pexSentBy(middle)
    swarm.run(PEX_INTERVAL_MS)
    assert.deepEqual(messages, [])
  })

  it('takes a bounded number of addresses, and no second message at once', () => {
    const { swarm, middle, around } = hub([at('8.8.8.1')])
    const [key] = around[0]!.links.keys()
    for (let round = 0; round < 5; round++) {
      const added = Array.from({ length: 2 * MAX_PEX_PEERS_TAKEN }, (_, i) => ({
        ...at(`7.7.${round}.${i + 1}`),
        flags: 0,
      }))
      around[0]!.send(key!, {
        type: 'extended',
        id: OUR_UT_PEX_ID,
        payload: encodePexMessage({ added, dropped: [] }),
      })
    }
    swarm.run(1000)
    assert.equal(middle.learned.length, MAX_PEX_PEERS_TAKEN)
    assert.deepEqual(middle.drops, [])
  })

  it('does not let a stranger send us into our own network', () => {
    const { swarm, middle, around } = hub([at('8.8.8.1')])
    const added = [
      '127.0.0.1',
      '192.168.1.1',
      '10.0.0.1',
      '0.0.0.0',
      '224.0.0.1',
      '::1',
      'fe80::1',
      '5.5.5.5',
    ].map(host => ({ ...at(host), flags: 0 }))
    const [key] = around[0]!.links.keys()
    around[0]!.send(key!, {
      type: 'extended',
      id: OUR_UT_PEX_ID,
      payload: encodePexMessage({ added, dropped: [] }),
    })
    swarm.run(1000)
    assert.deepEqual(learnedBy(middle), ['5.5.5.5:6881'])
  })

  it('goes by the port that a peer says it listens on, not by the one it called from', () => {
    const swarm = new VirtualSwarm(info)
    const middle = swarm.addPeer('middle', { content })
    const caller = swarm.addPeer('caller', { address: at('8.8.8.1', 50_000), listenPort: 6882 })
    swarm.connect(caller, middle)
    swarm.connect(swarm.addPeer('silent', { address: at('8.8.8.2', 50_000) }), middle)
    const asker = swarm.addPeer('asker', { address: at('8.8.8.3', 50_000) })
    swarm.connect(asker, middle)
    swarm.run(PEX_LOOK_MS + 1000)
    assert.deepEqual(middle.listening, [at('8.8.8.1', 6882)])
    assert.deepEqual(learnedBy(asker), ['8.8.8.1:6882'])
  })
})

describe('a message of ut_pex', () => {
  it('has the fields of BEP 11', () => {
    const payload = encodePexMessage({
      added: [{ ...at('97.98.99.100', 0x6566), flags: PEX_FLAG.seed }],
      dropped: [at('65.66.67.68', 0x4546)],
    })
    assert.equal(
      Buffer.from(payload).toString('latin1'),
      'd5:added6:abcdef7:added.f1:\u00026:added60:8:added6.f0:7:dropped6:ABCDEF8:dropped60:e',
    )
  })

  it('reads back what was written', () => {
    const host = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '::1', 'fe80::5'))
    const peer = fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }), flags: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(peer, { maxLength: 20 }), added => {
        const parsed = parsePexMessage(encodePexMessage({ added, dropped: added }))
        assert.ok(parsed.ok)
        const key = (address: PeerAddress) => formatPeerAddress(address)
        assert.deepEqual(parsed.value.added.map(key).sort(), added.map(key).sort())
        assert.deepEqual(parsed.value.dropped.map(key).sort(), added.map(key).sort())
      }),
    )
  })

  it('is answered with a result on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), bytes => void parsePexMessage(bytes)))
  })
})

describe('what peers say of others', () => {
  it('is not believed about a network that they are not in', () => {
    assert.equal(isPlausibleFrom('127.0.0.1', '127.0.0.2'), true)
    assert.equal(isPlausibleFrom('192.168.0.1', '127.0.0.2'), true)
    assert.equal(isPlausibleFrom('127.0.0.1', '192.168.0.1'), false)
    assert.equal(isPlausibleFrom('10.0.0.1', '8.8.8.8'), false)
    assert.equal(isPlausibleFrom('10.0.0.1', undefined), false)
    assert.equal(isPlausibleFrom('8.8.8.8', undefined), true)
  })
})
