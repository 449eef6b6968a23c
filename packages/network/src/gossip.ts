import { type GossipSub, type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import {
  BoundedMap,
  BoundedSet,
  bytesKey,
  concatBytes,
  DecodeError,
  describeRejection,
  sha256d,
} from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import { FloodGate } from './flood-gate.ts'
import type { ChainNames } from './gossip-options.ts'
import {
  ANNOUNCEMENT_DELAY_MS,
  FLOOD_POINTS,
  INVALID_BLOCK_POINTS,
  MALFORMED_POINTS,
  MAX_ANNOUNCED_TRANSACTIONS,
  MAX_KNOWN_PEERS,
  MAX_REMEMBERED_ANNOUNCEMENTS,
  TIP_ANNOUNCEMENT_INTERVAL_MS,
} from './limits.ts'
import { splitBytes } from './sync-messages.ts'
import type { FetchResult } from './transaction-fetch.ts'
import { INVALID_BY_ITS_BODY, UNKNOWN_PARENT } from './verdict-codes.ts'

const HEADER_BYTES = 80
const HASH_BYTES = 32

/** What gossipsub's frame reader throws for a length that is none, or above the limit. */
const BAD_FRAME = /^InvalidDataLength/

/** What gossip needs of the host. */
export interface GossipPort {
  readonly pubsub: GossipSub
  readonly names: ChainNames
  readonly chain: ChainPort
  now(): number
  /** A header was accepted: its block may be fetched, from this peer first. */
  onHeader(from: string, hash: Uint8Array): void
  /** A header did not fit to what we know, and nobody is to blame. */
  onUnknownHeader(from: string): void
  fetchTransactions(wtxids: readonly Uint8Array[], from: string): Promise<FetchResult[]>
  onMisbehaviour(peerId: string, points: number, reason: string): void
  onError(error: Error): void
}

/** The part of gossipsub that hears of broken streams. */
interface ReadErrorHandler {
  handlePeerReadStreamError(error: Error, peerId: PeerId): void
}

/** Announcements: headers and lists of wtxids. Bodies travel over the sync protocol. */
export class Gossip {
  private readonly port: GossipPort
  private readonly announced = new BoundedSet<string>(MAX_REMEMBERED_ANNOUNCEMENTS)
  /** Announced by others in a message that may be passed on as it is. As many as are in flight at most. */
  private readonly underReview = new Set<string>()
  private readonly gates = new BoundedMap<string, FloodGate>(MAX_KNOWN_PEERS)
  private waiting: Uint8Array[] = []
  private timer: NodeJS.Timeout | undefined
  private tipTimer: NodeJS.Timeout | undefined
  /** Waits for {@link tipTimer}. */
  private latestTip: Uint8Array | undefined

  constructor(port: GossipPort) {
    this.port = port
  }

  start(): void {
    const { pubsub, names } = this.port
    pubsub.topicValidators.set(names.headers, (from, message) =>
      this.admits(from) ? this.judgeHeader(from, message) : TopicValidatorResult.Ignore,
    )
    pubsub.topicValidators.set(names.transactions, (from, message) =>
      this.admits(from) ? this.judgeTransactions(from, message) : TopicValidatorResult.Ignore,
    )
    this.listenForBadFrames()
    pubsub.subscribe(names.headers)
    pubsub.subscribe(names.transactions)
  }

  /** Of tips that follow each other within a moment the last is enough: whoever lacks those between asks for them. */
  announceTip(header: Uint8Array): void {
    if (this.tipTimer !== undefined) {
      this.latestTip = header
      return
    }
    this.publish(this.port.names.headers, header)
    this.tipTimer = setTimeout(() => {
      const tip = this.latestTip
      this.tipTimer = undefined
      this.latestTip = undefined
      if (tip !== undefined) this.announceTip(tip)
    }, TIP_ANNOUNCEMENT_INTERVAL_MS)
  }

  /** Joins what is announced within a moment; what was announced before, by us or others, is left out. */
  announceTransactions(wtxids: readonly Uint8Array[]): void {
    for (const wtxid of wtxids) {
      const key = bytesKey(wtxid)
      if (!this.underReview.has(key) && this.announced.add(key)) this.waiting.push(wtxid)
    }
    if (this.waiting.length > 0) this.timer ??= setTimeout(() => this.flush(), ANNOUNCEMENT_DELAY_MS)
  }

  stop(): void {
    clearTimeout(this.timer)
    clearTimeout(this.tipTimer)
  }

  private flush(): void {
    this.timer = undefined
    const wtxids = this.waiting
    this.waiting = []
    for (let i = 0; i < wtxids.length; i += MAX_ANNOUNCED_TRANSACTIONS)
      this.publish(
        this.port.names.transactions,
        concatBytes(...wtxids.slice(i, i + MAX_ANNOUNCED_TRANSACTIONS)),
      )
  }

  private publish(topic: string, data: Uint8Array): void {
    this.port.pubsub.publish(topic, data).catch(error => this.port.onError(error as Error))
  }

  /** Gossipsub only drops a peer whose frames it cannot read; the way it learns of them is ours to watch. */
  private listenForBadFrames(): void {
    const pubsub = this.port.pubsub as unknown as ReadErrorHandler
    const handle = pubsub.handlePeerReadStreamError.bind(pubsub)
    pubsub.handlePeerReadStreamError = (error, peerId) => {
      handle(error, peerId)
      if (BAD_FRAME.test(error.name))
        this.port.onMisbehaviour(peerId.toString(), MALFORMED_POINTS, 'a gossip frame of forbidden length')
    }
  }

  private admits(from: PeerId): boolean {
    const peerId = from.toString()
    const nowMs = this.port.now()
    const gate = this.gates.get(peerId) ?? new FloodGate(nowMs)
    this.gates.set(peerId, gate)
    const admission = gate.pass(nowMs)
    if (admission === 'flood') this.port.onMisbehaviour(peerId, FLOOD_POINTS, 'a flood of gossip')
    return admission === 'pass'
  }

  private judgeHeader(from: PeerId, message: Message): TopicValidatorResult {
    const peerId = from.toString()
    if (message.data.length !== HEADER_BYTES) return this.reject(peerId, MALFORMED_POINTS, 'malformed header')
    const verdict = this.port.chain.acceptHeader(message.data.slice(), peerId)
    if (verdict.ok) {
      this.port.onHeader(peerId, sha256d(message.data))
      return TopicValidatorResult.Accept
    }
    if (INVALID_BY_ITS_BODY.test(verdict.code)) return TopicValidatorResult.Ignore
    if (verdict.blame === 'sender')
      return this.reject(peerId, INVALID_BLOCK_POINTS, describeRejection(verdict))
    if (verdict.code === UNKNOWN_PARENT) this.port.onUnknownHeader(peerId)
    return TopicValidatorResult.Ignore
  }

  /**
   * Passed on once the bodies are here, so that everybody can serve what they relay. When only some of them are good,
   * those are announced anew.
   */
  private async judgeTransactions(from: PeerId, message: Message): Promise<TopicValidatorResult> {
    const peerId = from.toString()
    const wtxids = parseAnnouncement(message.data)
    if (wtxids === undefined) return this.reject(peerId, MALFORMED_POINTS, 'malformed announcement')
    for (const wtxid of wtxids) this.underReview.add(bytesKey(wtxid))
    const results = await this.port.fetchTransactions(wtxids, peerId)
    for (const wtxid of wtxids) this.underReview.delete(bytesKey(wtxid))
    const present = wtxids.filter((_, i) => results[i] === 'present')
    if (present.length === wtxids.length) {
      for (const wtxid of wtxids) this.announced.add(bytesKey(wtxid))
      return TopicValidatorResult.Accept
    }
    this.announceTransactions(present)
    return results.includes('invalid') ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
  }

  private reject(peerId: string, points: number, reason: string): TopicValidatorResult {
    this.port.onMisbehaviour(peerId, points, reason)
    return TopicValidatorResult.Reject
  }
}

/** The wtxids of an announcement; undefined when it is none. */
function parseAnnouncement(data: Uint8Array): Uint8Array[] | undefined {
  try {
    return data.length === 0 ? undefined : splitBytes(data, HASH_BYTES, MAX_ANNOUNCED_TRANSACTIONS)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
