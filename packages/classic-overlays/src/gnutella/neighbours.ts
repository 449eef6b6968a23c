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
import { LAST_LINK } from './route-table.ts'

/** Of the old estimate in the new one: RFC 6298's smoothing. */
const SMOOTHING = 7 / 8

/** A peer to which a link stands: floods go over it. */
export class Neighbour {
  readonly peer: PeerHandle
  /** Another one for every link, so that a way back never leads to somebody else. */
  readonly link: number
  readonly sinceMs: number
  /** As it has named itself; undefined until it has. */
  entry: PeerEntry | undefined
  /** How many neighbours it could do without, as it has said. */
  spare = 0
  /** Smoothed; undefined until it has answered a Ping. */
  rttMs: number | undefined
  missedPings = 0
  /** Floods that it began beyond what it may. */
  excess = 0
  private pingId: DescriptorId | undefined
  private pingedMs = 0
  private readonly ownFloods: TokenBucket
  private readonly answers: TokenBucket
  private readonly pushes: TokenBucket

  constructor(peer: PeerHandle, link: number, nowMs: number, entry: PeerEntry | undefined) {
    this.peer = peer
    this.link = link
    this.sinceMs = nowMs
    this.entry = entry
    this.ownFloods = new TokenBucket(OWN_FLOODS_PER_SECOND, OWN_FLOOD_BURST, nowMs)
    this.answers = new TokenBucket(ANSWERS_PER_SECOND, ANSWER_BURST, nowMs)
    this.pushes = new TokenBucket(PUSHES_PER_SECOND, PUSH_BURST, nowMs)
  }

  /** Whether a flood is taken that has gone no hop: its own. */
  mayBeginFlood(nowMs: number): boolean {
    if (this.ownFloods.take(1, nowMs)) return true
    this.excess++
    return false
  }

  mayAnswer(nowMs: number): boolean {
    return this.answers.take(1, nowMs)
  }

  mayPush(nowMs: number): boolean {
    return this.pushes.take(1, nowMs)
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
}

/** What every message of a flood looks at: the peer, floods that it may still send, whether it was heard, the link. */
const COLUMNS = 4
const FIRST_ROWS = 5

/** No neighbour. */
export const NOBODY = -1

/**
 * The links of this node: never many, so that a list is searched as fast as any table. What a flood needs stands in one
 * short row of integers, everything else in {@link Neighbour}.
 */
export class Neighbours {
  // What every message needs stands first: it is one fetch from memory.
  private rows = new Int32Array(FIRST_ROWS * COLUMNS)
  private count = 0
  /** Unix time in s up to which floods were allowed. */
  private allowedS = 0
  private lastLink = 0
  readonly list: Neighbour[] = []
  private readonly environment: Environment<never>
  private readonly handles: Handles

  constructor(environment: Environment<never>, handles: Handles) {
    this.environment = environment
    this.handles = handles
  }

  get size(): number {
    return this.count
  }

  /** The row of a peer; {@link NOBODY} when it is no neighbour. */
  rowOf(peer: PeerHandle): number {
    const { rows } = this
    for (let row = 0, at = 0; row < this.count; row++, at += COLUMNS) if (rows[at] === peer) return row
    return NOBODY
  }

  /** The peer in a row. */
  peerAt(row: number): PeerHandle {
    return this.rows[row * COLUMNS] as PeerHandle
  }

  linkAt(row: number): number {
    return this.rows[row * COLUMNS + 3]!
  }

  of(peer: PeerHandle): Neighbour | undefined {
    return this.list[this.rowOf(peer)]
  }

  /** The neighbour at the end of a link that still stands. */
  at(link: number): Neighbour | undefined {
    return this.list.find(neighbour => neighbour.link === link)
  }

  add(peer: PeerHandle, entry: PeerEntry | undefined): Neighbour {
    const nowMs = this.environment.now()
    const neighbour = new Neighbour(this.handles.hold(peer), this.nextLink(), nowMs, entry)
    const at = this.count * COLUMNS
    if (at === this.rows.length) this.grow()
    this.rows[at] = peer
    this.rows[at + 1] = FLOOD_BURST
    this.rows[at + 2] = 1
    this.rows[at + 3] = neighbour.link
    this.count++
    this.list.push(neighbour)
    return neighbour
  }

  remove(neighbour: Neighbour): void {
    const row = this.list.indexOf(neighbour)
    if (row < 0) return
    this.list.splice(row, 1)
    this.rows.copyWithin(row * COLUMNS, (row + 1) * COLUMNS, this.count * COLUMNS)
    this.count--
    this.handles.drop(neighbour.peer)
  }

  /** Something has come from the peer in the row. */
  hear(row: number): void {
    this.rows[row * COLUMNS + 2] = 1
  }

  /** Whether something has come from it since this was asked last. */
  wasHeard(neighbour: Neighbour): boolean {
    const at = this.list.indexOf(neighbour) * COLUMNS + 2
    const was = this.rows[at] === 1
    this.rows[at] = 0
    return was
  }

  /** Whether one flood more is taken from the peer in the row: {@link FLOODS_PER_SECOND}, {@link FLOOD_BURST}. */
  takeFlood(row: number, nowMs: number): boolean {
    const nowS = Math.floor(nowMs / 1000)
    if (nowS !== this.allowedS) this.allowFloods(nowS)
    const at = row * COLUMNS + 1
    const allowed = this.rows[at]!
    if (allowed === 0) return false
    this.rows[at] = allowed - 1
    return true
  }

  /** The slowest round trip to a neighbour that is known, in ms. */
  slowestMs(): number | undefined {
    let slowest: number | undefined
    for (const { rttMs } of this.list)
      if (rttMs !== undefined && (slowest === undefined || rttMs > slowest)) slowest = rttMs
    return slowest
  }

  private allowFloods(nowS: number): void {
    const more = Math.min(FLOOD_BURST, (nowS - this.allowedS) * FLOODS_PER_SECOND)
    this.allowedS = nowS
    for (let row = 0; row < this.count; row++) {
      const at = row * COLUMNS + 1
      this.rows[at] = Math.min(FLOOD_BURST, this.rows[at]! + more)
    }
  }

  /** Counts round, past the links that stand. */
  private nextLink(): number {
    do this.lastLink = (this.lastLink % LAST_LINK) + 1
    while (this.at(this.lastLink) !== undefined)
    return this.lastLink
  }

  private grow(): void {
    const larger = new Int32Array(this.rows.length * 2)
    larger.set(this.rows)
    this.rows = larger
  }
}
