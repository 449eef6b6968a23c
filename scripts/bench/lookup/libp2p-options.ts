import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import type { Libp2pOptions } from 'libp2p'
import { meteredTcp, type SocketBytes } from './metered-tcp.ts'

/** All nodes share one address, which libp2p would take for an attack. */
const FROM_ONE_ADDRESS = { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 }

/** What the nodes of both systems have in common: TCP on loopback, Noise, Yamux, identify, ping. */
export function commonOptions(bytes: SocketBytes, oneWayDelayMs: number) {
  return {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [meteredTcp(bytes, oneWayDelayMs)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: FROM_ONE_ADDRESS,
    services: { identify: identify(), ping: ping() },
  } satisfies Libp2pOptions
}
