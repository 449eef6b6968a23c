import type { Environment, Handles, PeerEntry, PeerHandle } from '@onehop/overlay'
import { TokenBucket } from '@onehop/primitives'
import { type DescriptorId, isSameId } from './descriptor-id.ts'
import {
  ANSWER_BURST,
  ANSWERS_PER_SECOND,
  FLOOD_BURST,
  FLOODS_PER_SECOND,
  OWN_FLOOD_BURST,
  OWN_FLOODS_PER_SECOND,
  PUSH_BURST,
  PUSHES_PER_SECOND,
} from './limits.ts'
import type { Pong } from './messages.ts'
import { UNKNOWN } from './route-table.ts'

/** Of the old estimate in the new one: RFC 6298's smoothing. */
const SMOOTHING = 7 / 8

/** A peer to which a link stands: floods go over it. */
export class Neighbour {
  readonly peer: PeerHandle
  /** Counts up for every link that this node ever had, so that a way back never leads to somebody else. */
  readonly link: number
  readonly sinceMs: number
  /** As it has named itself; undefined until it has. */
  entry: PeerEntry | undefined
  /** How many neighbours it could do without, as it has said. */
  spare = 0
  /** Smoothed; undefined until it has answered a Ping. */
  rttMs: number | undefined
  /** Whether anything came from it since it was last pinged. */
  wasHeard = true
  missedPings = 0
  /** Floods that it began beyond what it may. */
  excess = 0
  private pingId: DescriptorId | undefined
  private pingedMs = 0
  private readonly floods: TokenBucket
  private readonly ownFloods: TokenBucket
  private readonly answers: TokenBucket
  private readonly pushes: TokenBucket

  constructor(peer: PeerHandle, link: number, nowMs: number, entry: PeerEntry | undefined) {
    this.peer = peer
    this.link = link
    this.sinceMs = nowMs
    this.entry = entry
    this.floods = new TokenBucket(FLOODS_PER_SECOND, FLOOD_BURST, nowMs)
    this.ownFloods = new TokenBucket(OWN_FLOODS_PER_SECOND, OWN_FLOOD_BURST, nowMs)
    this.answers = new TokenBucket(ANSWERS_PER_SECOND, ANSWER_BURST, nowMs)
    this.pushes = new TokenBucket(PUSHES_PER_SECOND, PUSH_BURST, nowMs)
  }

  /** Whether a flood is taken from it. One that has gone no hop is its own. */
  mayFlood(hops: number, nowMs: number): boolean {
    if (hops === 0 && !this.ownFloods.take(1, nowMs)) {
      this.excess++
      return false
    }
    return this.floods.take(1, nowMs)
  }

  /** A Ping goes to it. */
  pinged(id: DescriptorId, nowMs: number): void {
    this.pingId = id
    this.pingedMs = nowMs
  }

  /** It has answered a Ping of this node. */
  answered({ id, peer, spare }: Pong, nowMs: number): void {
    this.entry = peer
    this.spare = spare
    if (this.pingId === undefined || !isSameId(this.pingId, id)) return
    this.pingId = undefined
    const sampleMs = nowMs - this.pingedMs
    this.rttMs = this.rttMs === undefined ? sampleMs : this.rttMs * SMOOTHING + sampleMs * (1 - SMOOTHING)
  }

  mayAnswer(nowMs: number): boolean {
    return this.answers.take(1, nowMs)
  }

  mayPush(nowMs: number): boolean {
    return this.pushes.take(1, nowMs)
  }
}

/** The links of this node: never many, so that a list is searched as fast as any table. */
export class Neighbours {
  readonly list: Neighbour[] = []
  private readonly environment: Environment<never>
  private readonly handles: Handles
  private links: number = UNKNOWN

  constructor(environment: Environment<never>, handles: Handles) {
    this.environment = environment
    this.handles = handles
  }

  get size(): number {
    return this.list.length
  }

  of(peer: PeerHandle): Neighbour | undefined {
    const { list } = this
    for (let i = 0; i < list.length; i++) if (list[i]!.peer === peer) return list[i]
    return undefined
  }

  /** The neighbour at the end of a link that still stands. */
  at(link: number): Neighbour | undefined {
    return this.list.find(neighbour => neighbour.link === link)
  }

  add(peer: PeerHandle, entry: PeerEntry | undefined): Neighbour {
    this.links++
    const neighbour = new Neighbour(this.handles.hold(peer), this.links, this.environment.now(), entry)
    this.list.push(neighbour)
    return neighbour
  }

  remove(neighbour: Neighbour): void {
    const at = this.list.indexOf(neighbour)
    if (at < 0) return
    this.list.splice(at, 1)
    this.handles.drop(neighbour.peer)
  }

  /** The slowest round trip to a neighbour that is known, in ms. */
  slowestMs(): number | undefined {
    let slowest: number | undefined
    for (const { rttMs } of this.list)
      if (rttMs !== undefined && (slowest === undefined || rttMs > slowest)) slowest = rttMs
    return slowest
  }
}
