import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { meteredTcp, type SocketBytes } from './metered-tcp.ts'

/** All nodes share one address, which libp2p would take for an attack, and two cores, which makes dials slow. */
const ON_ONE_MACHINE = {
  inboundConnectionThreshold: 10_000,
  maxIncomingPendingConnections: 1_000,
  dialTimeout: 30_000,
  inboundUpgradeTimeout: 30_000,
}

/** What the nodes of both systems have in common: TCP on loopback, Noise, Yamux, identify, ping. */
export function commonOptions(bytes: SocketBytes, oneWayDelayMs: number) {
  return {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [meteredTcp(bytes, oneWayDelayMs)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: ON_ONE_MACHINE,
    services: { identify: identify(), ping: ping() },
  } satisfies Libp2pOptions
}

/** Dials them all. @throws when nobody answers, unless nobody was to be dialled. */
export async function dialIntroducers(libp2p: Libp2p, introducers: readonly string[]): Promise<void> {
  if (introducers.length > 0) await Promise.any(introducers.map(address => libp2p.dial(multiaddr(address))))
}
