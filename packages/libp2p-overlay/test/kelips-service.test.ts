import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import {
  contentRoutingSymbol,
  type Metrics,
  peerDiscoverySymbol,
  peerRoutingSymbol,
  serviceCapabilities,
} from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { KELIPS_DEFAULT, KELIPS_TESTNET } from '@onehop/kelips'
import { MemoryDatastore } from 'datastore-core/memory'
import { CID } from 'multiformats/cid'
import type { KelipsProgressEvents } from '../src/index.ts'
import {
  cidOf,
  collect,
  type KelipsNode,
  nextEvent,
  startKelips,
  startNetwork,
  stopKelips,
} from './support/kelips-nodes.ts'
import { until } from './support/overlays.ts'

function addressOf(node: KelipsNode): string {
  return node.getMultiaddrs()[0]!.toString()
}

async function providersOf(node: KelipsNode, cid: CID): Promise<string[]> {
  return (await collect(node.contentRouting.findProviders(cid))).map(({ id }) => id.toString())
}

describe('kelips() as a libp2p service', () => {
  afterEach(stopKelips)

  it('declares content routing, peer routing and discovery, and can be read before the node starts', async () => {
    const node = await startKelips({ start: false })
    const { kelips } = node.services
    assert.deepEqual(kelips[serviceCapabilities], [
      '@libp2p/content-routing',
      '@libp2p/peer-routing',
      '@libp2p/peer-discovery',
      '@onehop/kelips',
    ])
    assert.equal(kelips[Symbol.toStringTag], '@onehop/kelips')
    assert.ok(kelips[contentRoutingSymbol] && kelips[peerRoutingSymbol] && kelips[peerDiscoverySymbol])
    assert.deepEqual(kelips.inspect(), {})
    assert.equal(kelips.isStarted(), false)
  })

  it('answers findProviders of one node after provide of another, through libp2p itself', async () => {
    const [, provider, seeker] = (await startNetwork(4)) as [KelipsNode, KelipsNode, KelipsNode]
    const cid = await cidOf('a block')
    const progress: KelipsProgressEvents[] = []
    const told = nextEvent(provider, 'provide')
    await provider.services.kelips.provide(cid, { onProgress: event => progress.push(event) })
    const { detail } = await told
    assert.ok(detail.acknowledgements >= 1 && detail.cid.equals(cid))
    assert.deepEqual(
      progress.map(({ type }) => type),
      ['kelips:provide:acknowledged'],
    )
    const found = await collect(
      seeker.contentRouting.findProviders(cid, {
        onProgress: event => progress.push(event as KelipsProgressEvents),
      }),
    )
    assert.deepEqual(
      found.map(({ id, routing }) => [id.toString(), routing]),
      [[provider.peerId.toString(), 'kelips']],
    )
    assert.ok(found[0]!.multiaddrs.some(address => addressOf(provider).startsWith(address.toString())))
    const end = progress.find(event => event.type === 'kelips:find-providers:end')
    assert.ok(end?.type === 'kelips:find-providers:end' && end.detail.hops <= 1)
  })

  it('treats CIDs of one multihash alike, and yields every provider once', async () => {
    const [first, second, third] = (await startNetwork(3)) as [KelipsNode, KelipsNode, KelipsNode]
    const cid = await cidOf('shared')
    await first.services.kelips.provide(cid)
    await second.services.kelips.provide(CID.createV1(0x70, cid.multihash))
    const expected = [first, second].map(node => node.peerId.toString()).sort()
    let found: string[] = []
    await until('both are found', async () => {
      found = await providersOf(third, cid)
      return found.length === 2
    })
    assert.deepEqual(found.sort(), expected)
  })

  it('takes back what is no longer provided', async () => {
    const [first, second] = (await startNetwork(2)) as [KelipsNode, KelipsNode]
    const cid = await cidOf('for a while')
    await first.contentRouting.provide(cid)
    assert.deepEqual(await providersOf(second, cid), [first.peerId.toString()])
    await first.contentRouting.cancelReprovide(cid)
    assert.deepEqual(await providersOf(second, cid), [])
  })

  it('goes on answering when a member leaves, and knows of no provider that has left', async () => {
    const nodes = await startNetwork(5)
    const [, provider, leaver, seeker] = nodes as [KelipsNode, KelipsNode, KelipsNode, KelipsNode]
    const cid = await cidOf('outlives a member')
    await provider.contentRouting.provide(cid)
    await leaver.stop()
    assert.deepEqual(await providersOf(seeker, cid), [provider.peerId.toString()])
    await provider.stop()
    // Who came to hold it a moment ago may be unknown to the one who leaves: then the pointer expires.
    const mostMs = 15_000 + KELIPS_TESTNET.pointerLifetimeMs
    await until('nobody provides it', async () => (await providersOf(seeker, cid)).length === 0, mostMs)
  })

  it('asks nobody when the network is not to be used', async () => {
    const [first, second] = (await startNetwork(2)) as [KelipsNode, KelipsNode]
    const cid = await cidOf('local')
    await first.contentRouting.provide(cid)
    const before = second.services.kelips.stats()!.messagesSent
    assert.deepEqual(await collect(second.services.kelips.findProviders(cid, { useNetwork: false })), [])
    const own = await collect(first.services.kelips.findProviders(cid, { useNetwork: false }))
    assert.deepEqual(
      own.map(({ id }) => id.toString()),
      [first.peerId.toString()],
    )
    assert.equal(second.services.kelips.stats()!.messagesSent, before)
  })

  it('finds where a peer can be dialled', async () => {
    const [first, second, third] = (await startNetwork(3)) as [KelipsNode, KelipsNode, KelipsNode]
    const found = await first.peerRouting.findPeer(third.peerId)
    assert.ok(found.multiaddrs.some(address => addressOf(third).startsWith(address.toString())))
    const nobody = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    await assert.rejects(second.services.kelips.findPeer(nobody), { name: 'NotFoundError' })
    await assert.rejects(second.services.kelips.findPeer(nobody, { useNetwork: false }), {
      name: 'NotFoundError',
    })
  })

  it('knows who is responsible for a multihash', async () => {
    const nodes = await startNetwork(4)
    const others = nodes.slice(1).map(node => node.peerId.toString())
    const { multihash } = await cidOf('whose is it')
    let closest: string[] = []
    await until('somebody is known', async () => {
      closest = (await collect(nodes[0]!.peerRouting.getClosestPeers(multihash.bytes))).map(({ id }) =>
        id.toString(),
      )
      return closest.length > 0
    })
    assert.ok(closest.every(peerId => others.includes(peerId)))
  })

  it('knows nobody before it has met anybody, and lets other peer routers answer', async () => {
    const alone = await startKelips({ init: { readyTimeoutMs: 10 } })
    const { multihash } = await cidOf('whose is it')
    assert.deepEqual(await collect(alone.peerRouting.getClosestPeers(multihash.bytes)), [])
  })

  it('enters through any peer that speaks the protocol, whoever dialled', async () => {
    const first = await startKelips()
    const second = await startKelips()
    const ready = [first, second].map(node => nextEvent(node, 'ready'))
    await second.dial(first.getMultiaddrs())
    await Promise.all(ready)
    assert.equal(first.services.kelips.isReady && second.services.kelips.isReady, true)
    const cid = await cidOf('met')
    await second.contentRouting.provide(cid)
    assert.deepEqual(await providersOf(first, cid), [second.peerId.toString()])
  })

  it('enters through a peer that libp2p has discovered, without having been told to', async () => {
    const first = await startKelips()
    const second = await startKelips()
    const ready = nextEvent(second, 'ready')
    await second.peerStore.merge(first.peerId, { multiaddrs: first.getMultiaddrs() })
    await ready
  })

  it('needs no options: nodes with the defaults of strangers on the Internet answer each other', async () => {
    const strangers = { options: KELIPS_DEFAULT }
    const first = await startKelips({ init: strangers })
    const second = await startKelips({ init: { ...strangers, introducers: [addressOf(first)] } })
    await Promise.all([first, second].map(node => node.services.kelips.ready))
    const cid = await cidOf('default')
    await first.contentRouting.provide(cid)
    assert.deepEqual(await providersOf(second, cid), [first.peerId.toString()])
  })

  it('names its figures for a metrics system', async () => {
    const figures = new Map<string, { calculate?: () => unknown; counts: Record<string, number> }>()
    const register = (name: string, options?: { calculate?: () => unknown }) => {
      const figure = { ...options, counts: {} as Record<string, number> }
      figures.set(name, figure)
      return {
        increment: (values: Record<string, true>) => {
          for (const label of Object.keys(values)) figure.counts[label] = (figure.counts[label] ?? 0) + 1
        },
        observe: () => {
          figure.counts.observed = (figure.counts.observed ?? 0) + 1
        },
      }
    }
    const first = await startKelips({ metrics: metricsOf(register) })
    const second = await startKelips({ init: { introducers: [addressOf(first)] } })
    await Promise.all([first, second].map(node => node.services.kelips.ready))
    await first.contentRouting.provide(await cidOf('counted'))
    await providersOf(first, await cidOf('counted'))
    const countsOf = (name: string) => figures.get(`onehop_kelips_${name}`)?.counts
    assert.deepEqual(countsOf('operations_total'), { 'provide acknowledged': 1, 'lookup found': 1 })
    assert.deepEqual(countsOf('lookup_milliseconds'), { observed: 1 })
    const bytes = figures.get('onehop_kelips_bytes_total')?.calculate?.() as { sent: number }
    assert.ok(bytes.sent > 0)
  })

  it('enters when its introducer appears later', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const gone = await startKelips({ privateKey })
    const address = addressOf(gone)
    await gone.stop()
    const node = await startKelips({ init: { introducers: [address] } })
    assert.equal(node.services.kelips.isReady, false)
    const back = await startKelips({ privateKey, ...listeningAt(address) })
    await node.services.kelips.ready
    await back.services.kelips.ready
  })

  it('tells libp2p of the peers that it hears of', async () => {
    const [first, , third] = (await startNetwork(3)) as [KelipsNode, KelipsNode, KelipsNode]
    const fourth = await startKelips()
    const heard: string[] = []
    fourth.addEventListener('peer:discovery', ({ detail }) => heard.push(detail.id.toString()))
    await fourth.dial(first.getMultiaddrs())
    await until('the others were announced', () => heard.includes(third.peerId.toString()))
  })
})

describe('provide() of kelips()', () => {
  afterEach(stopKelips)

  it('is refused before the node starts and after it stops', async () => {
    const node = await startKelips({ start: false })
    const cid = await cidOf('early')
    await assert.rejects(node.services.kelips.provide(cid), { name: 'NotStartedError' })
    await assert.rejects(collect(node.services.kelips.findProviders(cid)), { name: 'NotStartedError' })
    await assert.rejects(node.services.kelips.cancelReprovide(cid), { name: 'NotStartedError' })
    await assert.rejects(node.services.kelips.findPeer(node.peerId), { name: 'NotStartedError' })
    await node.start()
    const { ready } = node.services.kelips
    await node.stop()
    await assert.rejects(ready, { name: 'AbortError' })
    await assert.rejects(node.services.kelips.provide(cid), { name: 'NotStartedError' })
  })

  it('rejects when nobody is there, and says so by an event; lookups find nothing', async () => {
    const node = await startKelips({ init: { readyTimeoutMs: 50 } })
    const cid = await cidOf('alone')
    const failed = nextEvent(node, 'provide:failed')
    await assert.rejects(node.contentRouting.provide(cid), { name: 'NoPeersError' })
    assert.equal((await failed).detail.error.name, 'NoPeersError')
    assert.deepEqual(await providersOf(node, cid), [])
  })

  it('rejects when everybody has left', async () => {
    const [first, second] = (await startNetwork(2)) as [KelipsNode, KelipsNode]
    await second.stop()
    await until('the goodbye arrived', () => viewOf(first) === 0)
    await assert.rejects(first.contentRouting.provide(await cidOf('left alone')), { name: 'NoPeersError' })
  })

  it('rejects with the reason of its signal, and leaves nothing behind', async () => {
    const [first, second] = (await startNetwork(2)) as [KelipsNode, KelipsNode]
    const cid = await cidOf('given up')
    const aborting = new AbortController()
    const providing = first.contentRouting.provide(cid, { signal: aborting.signal })
    aborting.abort(new Error('enough'))
    await assert.rejects(providing, /enough/)
    await assert.rejects(first.contentRouting.provide(cid, { signal: aborting.signal }), /enough/)
    await until('nothing is published', () => first.services.kelips.inspect().publications === 0)
    assert.deepEqual(await providersOf(second, cid), [])
  })

  it('ends when the node stops meanwhile', async () => {
    const node = await startKelips()
    const providing = node.contentRouting.provide(await cidOf('cut off'))
    const searching = collect(node.contentRouting.findProviders(await cidOf('cut off')))
    await Promise.all([
      assert.rejects(providing, { name: 'AbortError' }),
      assert.rejects(searching, { name: 'AbortError' }),
      node.stop(),
    ])
  })

  it('holds after a restart of the provider with the same datastore', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const datastore = new MemoryDatastore()
    const witness = await startKelips()
    const init = { introducers: [addressOf(witness)] }
    const provider = await startKelips({ init, privateKey, datastore })
    const [kept, dropped] = [await cidOf('kept'), await cidOf('dropped')]
    await provider.contentRouting.provide(kept)
    await provider.contentRouting.provide(dropped)
    await provider.contentRouting.cancelReprovide(dropped)
    await provider.stop()
    await until('it is gone', () => viewOf(witness) === 0)
    const again = await startKelips({ init, privateKey, datastore })
    const { detail } = await nextEvent(again, 'provide')
    assert.ok(detail.cid.equals(kept) && detail.acknowledgements >= 1)
    assert.deepEqual(await providersOf(witness, kept), [again.peerId.toString()])
    assert.deepEqual(await providersOf(witness, dropped), [])
  })

  it('holds after the same node was stopped and started', async () => {
    const [first, second] = (await startNetwork(2)) as [KelipsNode, KelipsNode]
    const cid = await cidOf('again')
    await second.contentRouting.provide(cid)
    await second.stop()
    await until('it is gone', () => viewOf(first) === 0)
    const told = nextEvent(second, 'provide')
    await second.start()
    await told
    assert.deepEqual(await providersOf(first, cid), [second.peerId.toString()])
  })
})

describe('findProviders() of kelips()', () => {
  afterEach(stopKelips)

  it('stops at once when the consumer has enough, and when its signal aborts', async () => {
    const [first, second] = (await startNetwork(2)) as [KelipsNode, KelipsNode]
    const cid = await cidOf('one is enough')
    await first.services.kelips.provide(cid)
    for await (const provider of second.services.kelips.findProviders(cid)) {
      assert.equal(provider.id.toString(), first.peerId.toString())
      break
    }
    const iterator = second.services.kelips.findProviders(await cidOf('unknown'))[Symbol.asyncIterator]()
    const pending = iterator.next()
    await iterator.return?.()
    assert.equal((await pending).done, true)
    const aborting = new AbortController()
    const searching = collect(second.services.kelips.findProviders(cid, { signal: aborting.signal }))
    aborting.abort(new Error('enough'))
    await assert.rejects(searching, /enough/)
  })
})

describe('options of kelips()', () => {
  const REFUSED = [
    [{ introducers: ['nowhere'] }, /introducer nowhere is no multiaddr/],
    [{ options: { contactsPerGroup: 1 } }, /contactsPerGroup/],
    [{ protocolPrefix: 'mine' }, /protocolPrefix/],
    [{ maxConnections: 0 }, /maxConnections/],
    [{ readyTimeoutMs: -1 }, /readyTimeoutMs/],
  ] as const
  for (const [init, message] of REFUSED)
    it(`are refused with one sentence: ${JSON.stringify(init)}`, async () => {
      await assert.rejects(startKelips({ init, start: false }), { name: 'InvalidParametersError', message })
    })
})

function viewOf(node: KelipsNode): number {
  const { view, contacts } = node.services.kelips.inspect() as { view: unknown[]; contacts: unknown[] }
  return view.length + contacts.length
}

/** Of a metrics system only what the service registers; the rest of libp2p registers into the void. */
function metricsOf(register: (name: string, options?: { calculate?: () => unknown }) => unknown) {
  const nothing = {
    increment: () => {},
    observe: () => {},
    update: () => {},
    timer: () => () => {},
    reset: () => {},
  }
  const answer = (name: string, options?: { calculate?: () => unknown }) =>
    name.startsWith('onehop_kelips_') ? register(name, options) : nothing
  const metrics = new Proxy({} as Metrics, {
    get: (_, property) => {
      if (property === 'traceFunction') return (_name: string, traced: unknown) => traced
      return typeof property === 'string' && property.startsWith('register') ? answer : () => {}
    },
  })
  return () => metrics
}

function listeningAt(address: string): { addresses: { listen: string[] } } {
  return { addresses: { listen: [address.replace(/\/p2p\/.*/, '')] } }
}
