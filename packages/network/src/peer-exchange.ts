import type { Connection, Stream } from '@libp2p/interface'
import { FramedStream } from '@onehop/libp2p-overlay'
import { attemptDecode, BoundedMap, describeRejection } from '@onehop/primitives'
import type { Candidate } from './connection-keeper.ts'
import {
  MAX_KNOWN_PEERS,
  MAX_PEER_LIST_BYTES,
  PEER_LIST_ANSWER_INTERVAL_MS,
  PEER_LIST_INTERVAL_MS,
  PEER_LIST_TIMEOUT_MS,
} from './limits.ts'
import { decodePeerList, encodePeerList } from './peer-list.ts'

const FRAME_LIMITS = { maxFrameBytes: MAX_PEER_LIST_BYTES, maxQueuedBytes: MAX_PEER_LIST_BYTES }

/** What the exchange needs of the network. */
export interface ExchangePort {
  now(): number
  /** Connected peers that others can dial, in no order. */
  connectedPeers(): Candidate[]
  openStream(connection: Connection): Promise<Stream>
  onPeers(peers: readonly Candidate[]): void
  onMalformed(peerId: string, reason: string): void
}

/**
 * Peers tell each other of peers: so that a chain holds together whatever the overlay is, which may know one server only.
 * The stream is the question, its one frame the answer.
 */
export class PeerExchange {
  private readonly port: ExchangePort
  private readonly askedAtMs = new BoundedMap<string, number>(MAX_KNOWN_PEERS)
  private readonly answeredAtMs = new BoundedMap<string, number>(MAX_KNOWN_PEERS)

  constructor(port: ExchangePort) {
    this.port = port
  }

  /** Asks the first of these that was not asked for a while. */
  ask(connections: readonly Connection[]): void {
    const next = connections.find(({ remotePeer }) =>
      this.isDue(this.askedAtMs, remotePeer.toString(), PEER_LIST_INTERVAL_MS),
    )
    // A peer that has no list to give, or no time, is asked again later.
    if (next !== undefined) this.read(next).catch(() => {})
  }

  /** Answers, unless the peer has just been answered. */
  accept(stream: Stream, connection: Connection): void {
    const asker = connection.remotePeer.toString()
    if (!this.isDue(this.answeredAtMs, asker, PEER_LIST_ANSWER_INTERVAL_MS)) {
      stream.abort(new Error('asked too often'))
      return
    }
    const framed = new FramedStream(stream, FRAME_LIMITS, { onFrame: () => {}, onClose: () => {} })
    framed.send(encodePeerList(this.port.connectedPeers().filter(({ peerId }) => peerId !== asker)))
    framed.close()
  }

  /** Whether so much time has passed; if so, it begins again. */
  private isDue(times: BoundedMap<string, number>, peerId: string, intervalMs: number): boolean {
    const nowMs = this.port.now()
    const isDue = nowMs - (times.get(peerId) ?? -intervalMs) >= intervalMs
    if (isDue) times.set(peerId, nowMs)
    return isDue
  }

  private async read(connection: Connection): Promise<void> {
    const stream = await this.port.openStream(connection)
    const timer = setTimeout(() => stream.abort(new Error('no list of peers came')), PEER_LIST_TIMEOUT_MS)
    const peerId = connection.remotePeer.toString()
    let isAnswered = false
    const framed: FramedStream = new FramedStream(stream, FRAME_LIMITS, {
      onFrame: frame => {
        if (isAnswered) {
          framed.abort(new Error('more than one list of peers'))
          this.port.onMalformed(peerId, 'more than one list of peers in an answer')
          return
        }
        isAnswered = true
        this.take(peerId, frame)
        framed.close()
      },
      onClose: () => clearTimeout(timer),
    })
  }

  private take(peerId: string, frame: Uint8Array): void {
    const peers = attemptDecode('malformed-peer-list', () => decodePeerList(frame))
    if (peers.ok) this.port.onPeers(peers.value)
    else this.port.onMalformed(peerId, describeRejection(peers))
  }
}
