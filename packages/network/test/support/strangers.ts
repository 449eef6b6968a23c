import { type GossipSub, gossipsub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { FramedStream } from '@onehop/libp2p-overlay'
import { createLibp2p } from 'libp2p'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type PeerStatus,
  type SyncMessage,
} from '../../src/sync-messages.ts'
import { syncProtocol, type TestNode } from './nodes.ts'

const FRAME_LIMITS = { maxFrameBytes: 8_000_000, maxQueuedBytes: 32_000_000 }
const strangers: Libp2p[] = []

export type StrangerServices = { pubsub: GossipSub; [name: string]: unknown }

/** A bare libp2p node that the test makes say whatever it wants. */
export async function startStranger(): Promise<Libp2p<StrangerServices>> {
  const stranger = await createLibp2p<StrangerServices>({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      pubsub: gossipsub({ globalSignaturePolicy: 'StrictNoSign', allowPublishToZeroTopicPeers: true }),
    },
  })
  strangers.push(stranger)
  return stranger
}

export async function stopStrangers(): Promise<void> {
  await Promise.all(strangers.splice(0).map(stranger => stranger.stop()))
}

/** A sync stream spoken by hand. */
export interface HandSession {
  readonly received: SyncMessage[]
  readonly stream: Stream
  send(message: SyncMessage): void
  sendBytes(frame: Uint8Array): void
  readonly isOpen: boolean
}

export function speakSync(stream: Stream, onMessage: (message: SyncMessage) => void = () => {}): HandSession {
  const received: SyncMessage[] = []
  const framed = new FramedStream(stream, FRAME_LIMITS, {
    onFrame: frame => {
      const message = decodeSyncMessage(frame)
      received.push(message)
      onMessage(message)
    },
    onClose: () => {},
  })
  return {
    received,
    stream,
    send: message => framed.send(encodeSyncMessage(message)),
    sendBytes: frame => framed.send(frame),
    get isOpen() {
      return framed.isOpen
    },
  }
}

/** Dials the node and opens a sync stream to it. */
export async function dialSync(
  stranger: Libp2p<StrangerServices>,
  node: TestNode,
  onMessage?: (message: SyncMessage) => void,
): Promise<HandSession> {
  const address = multiaddr(node.network.addresses()[0]!)
  return speakSync(await stranger.dialProtocol(address, syncProtocol(node)), onMessage)
}

export function statusOf(node: TestNode, changes: Partial<PeerStatus> = {}): SyncMessage {
  const { hash, height, chainWork } = node.chain.tip()
  const genesisHash = node.chain.genesis.hash
  return {
    type: 'status',
    id: 0,
    status: { version: 2, genesisHash, height, bestHash: hash, chainWork, minFeeRate: 0n, ...changes },
  }
}
