import { type KadDHT, kadDHT, passthroughMapper, type SingleKadDHT } from '@libp2p/kad-dht'
import { createLibp2p, type Libp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { commonOptions, dialIntroducers } from './libp2p-options.ts'
import type { Found, Joined, LookupNode, Provided } from './lookup-node.ts'
import type { SocketBytes } from './metered-tcp.ts'

/** A LAN's, in server mode: its nodes accept loopback addresses and answer. */
const LAN = { protocol: '/ipfs/lan/kad/1.0.0', peerInfoMapper: passthroughMapper, clientMode: false }

function routerOf(libp2p: Libp2p<{ dht: KadDHT; [name: string]: unknown }>): SingleKadDHT {
  return libp2p.services.dht as SingleKadDHT
}

/** A node whose content routing is js-libp2p's Kademlia, with its own defaults. */
export async function startKadNode(bytes: SocketBytes, oneWayDelayMs: number): Promise<LookupNode> {
  const common = commonOptions(bytes, oneWayDelayMs)
  const libp2p = await createLibp2p({ ...common, services: { ...common.services, dht: kadDHT(LAN) } })
  const router = routerOf(libp2p as never)
  return {
    libp2p,
    async join(introducers) {
      await dialIntroducers(libp2p, introducers)
    },
    joined: (): Joined => ({ isSettled: router.routingTable.size > 0, peers: router.routingTable.size }),
    provide: cid => provide(router, cid),
    find: cid => find(router, cid),
    messageBytes: () => ({ sent: Number.NaN, received: Number.NaN }),
  }
}

async function provide(router: KadDHT, cid: CID): Promise<Provided> {
  const beganMs = performance.now()
  let messages = 0
  let confirmed = 0
  for await (const event of router.provide(cid)) {
    if (event.name === 'SEND_QUERY') messages++
    if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') confirmed++
  }
  if (confirmed === 0) throw new Error('no peer took the record')
  return { elapsedMs: performance.now() - beganMs, messages }
}

async function find(router: KadDHT, cid: CID): Promise<Found> {
  const beganMs = performance.now()
  const providers = new Set<string>()
  let firstMs = Number.NaN
  let messages = 0
  let isOwn = false
  for await (const event of router.findProviders(cid)) {
    if (event.name === 'SEND_QUERY') messages++
    if (event.name !== 'PROVIDER' || event.providers.length === 0) continue
    if (providers.size === 0) {
      firstMs = performance.now() - beganMs
      isOwn = messages === 0
    }
    for (const { id } of event.providers) providers.add(id.toString())
  }
  return { firstMs, completeMs: performance.now() - beganMs, providers: providers.size, messages, isOwn }
}
