import { type GossipSub, gossipsub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { type KelipsMessage, kelipsCodec, type MemberRecord, recordPayload } from '@onehop/kelips'
import { blockHashToHex, REGTEST } from '@onehop/ledger'
import { FramedStream, framePrefix } from '@onehop/libp2p-overlay'
import { createLibp2p } from 'libp2p'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type PeerStatus,
  type SyncMessage,
} from '../../packages/network/src/sync-messages.ts'
import type { NodeProcess } from './node-process.ts'
import { until } from './wait.ts'

const GENESIS = REGTEST.genesis.header.hash
const PREFIX = `/onehop/${blockHashToHex(GENESIS).slice(0, 8)}`
const SYNC_PROTOCOL = `${PREFIX}/sync/1`
const OVERLAY_PROTOCOL = `${PREFIX}/kelips/1`
const SWARM_PROTOCOL = '/onehop/swarm/1'
const GOSSIP_PROTOCOL = '/meshsub/1.1.0'
const LENIENT = { maxFrameBytes: 8_000_000, maxQueuedBytes: 64_000_000 }
const MILLION = 1_000_000n
const MAX_STREAMS = 1_000
/** Who has not read for so long does not want to, unless the test knows better. */
const FLOOD_STALL_MS = 2_000

type Services = { pubsub: GossipSub; [name: string]: unknown }

/** A sync stream that says what the test wants, and answers as it is told. */
export interface HandSession {
  readonly received: SyncMessage[]
  readonly stream: Stream
  send(message: SyncMessage): void
  sendFrame(frame: Uint8Array): void
}

/** A libp2p node of no rules, connected to one of ours. */
export class Stranger {
  private static readonly started = new Set<Stranger>()
  readonly libp2p: Libp2p<Services>
  private readonly target: string
  private overlay: Promise<Stream> | undefined

  private constructor(libp2p: Libp2p<Services>, target: string) {
    this.libp2p = libp2p
    this.target = target
  }

  static async meet(node: NodeProcess, privateKey?: PrivateKey): Promise<Stranger> {
    const libp2p = await createLibp2p<Services>({
      ...(privateKey === undefined ? {} : { privateKey }),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        pubsub: gossipsub({ globalSignaturePolicy: 'StrictNoSign', allowPublishToZeroTopicPeers: true }),
      },
    })
    const stranger = new Stranger(libp2p, await node.address())
    Stranger.started.add(stranger)
    await libp2p.dial(multiaddr(stranger.target))
    return stranger
  }

  static async stopAll(): Promise<void> {
    for (const { libp2p } of Stranger.started)
      for (const connection of libp2p.getConnections()) connection.abort(new Error('the test is over'))
    await Promise.all(Array.from(Stranger.started, ({ libp2p }) => libp2p.stop()))
    Stranger.started.clear()
  }

  get peerId(): string {
    return this.libp2p.peerId.toString()
  }

  get isConnected(): boolean {
    return this.libp2p.getConnections().some(connection => connection.status === 'open')
  }

  /** Waits until the node would hear gossip from here. */
  async join(topic: 'headers' | 'transactions'): Promise<void> {
    const name = `${PREFIX}/${topic}/1`
    this.libp2p.services.pubsub.subscribe(name)
    await until('the node has subscribed', () => this.libp2p.services.pubsub.getSubscribers(name).length > 0)
  }

  async gossip(topic: 'headers' | 'transactions', data: Uint8Array): Promise<void> {
    await this.libp2p.services.pubsub.publish(`${PREFIX}/${topic}/1`, data)
  }

  gossipStream(): Promise<Stream> {
    return this.open(GOSSIP_PROTOCOL)
  }

  swarmStream(): Promise<Stream> {
    return this.open(SWARM_PROTOCOL)
  }

  /** The one stream on which everything in the overlay is said and answered. */
  overlayStream(): Promise<Stream> {
    this.overlay ??= this.open(OVERLAY_PROTOCOL)
    return this.overlay
  }

  syncStream(): Promise<Stream> {
    return this.open(SYNC_PROTOCOL)
  }

  /** Answers requests by `onMessage`, after a status that claims a million blocks of work unless told otherwise. */
  async sync(
    onMessage: (message: SyncMessage, session: HandSession) => void = () => {},
    claims: Partial<PeerStatus> = {},
  ): Promise<HandSession> {
    const stream = await this.syncStream()
    const received: SyncMessage[] = []
    const framed = new FramedStream(stream, LENIENT, {
      onFrame: frame => {
        const message = decodeSyncMessage(frame)
        received.push(message)
        if (message.type === 'getStatus') session.send({ ...status(claims), id: message.id })
        else onMessage(message, session)
      },
      onClose: () => {},
    })
    const session: HandSession = {
      received,
      stream,
      send: message => framed.send(encodeSyncMessage(message)),
      sendFrame: frame => framed.send(frame),
    }
    session.send(status(claims))
    return session
  }

  /** Says something in the overlay, once. */
  async tell(message: KelipsMessage): Promise<Stream> {
    const stream = await this.overlayStream()
    sendFramed(stream, kelipsCodec.encode(message))
    return stream
  }

  private open(protocol: string): Promise<Stream> {
    return this.libp2p.dialProtocol(multiaddr(this.target), protocol, { maxOutboundStreams: MAX_STREAMS })
  }
}

/** A status that opens a stream. */
function status(claims: Partial<PeerStatus>): SyncMessage & { type: 'status' } {
  const honest = {
    version: 1,
    genesisHash: GENESIS,
    height: 0,
    bestHash: GENESIS,
    chainWork: MILLION,
    minFeeRate: 0n,
  }
  return { type: 'status', id: 0, status: { ...honest, ...claims } }
}

/** A frame in one write. */
export function sendFramed(stream: Stream, frame: Uint8Array): boolean {
  stream.send(framePrefix(frame.length))
  return stream.send(frame)
}

/**
 * Sends the bytes as often as the peer takes them, until `totalBytes` are gone, the stream is closed, or nobody has read
 * for a while. @returns the bytes that went out.
 */
export async function flood(
  stream: Stream,
  bytes: Uint8Array,
  totalBytes: number,
  stallMs = FLOOD_STALL_MS,
): Promise<number> {
  let sent = 0
  while (sent < totalBytes && stream.writeStatus === 'writable') {
    sent += bytes.length
    if (!stream.send(bytes) && !(await drains(stream, stallMs))) break
  }
  return sent
}

function drains(stream: Stream, stallMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const end = (hasDrained: boolean) => {
      clearTimeout(timer)
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      resolve(hasDrained)
    }
    const onDrain = () => end(true)
    const onClose = () => end(false)
    const timer = setTimeout(onClose, stallMs)
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
  })
}

/** A membership record that the key's owner signs. */
export async function signedRecord(
  key: PrivateKey,
  unsigned: Omit<MemberRecord, 'signature'>,
): Promise<MemberRecord> {
  return { ...unsigned, signature: await key.sign(recordPayload(unsigned)) }
}
