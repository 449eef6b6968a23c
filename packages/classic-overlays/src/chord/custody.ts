import { type Key, type PeerHandle, type Pointer, PointerIntake, PointerTable } from '@onehop/overlay'
import { bytesKey, TokenBucket } from '@onehop/primitives'
import { pointerCost } from './codec.ts'
import { type Identifier, isBetween, isInRange } from './identifiers.ts'
import {
  MAX_PENDING_VERIFICATIONS,
  MAX_PENDING_VERIFICATIONS_PER_PEER,
  MAX_POINTERS,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_PROVIDER,
  MAX_POINTERS_PER_MESSAGE,
  MAX_POINTERS_PER_PROVIDER,
  MAX_TRANSFER_BYTES,
  SWEEP_INTERVAL_MS,
  TRANSFER_BURST_BYTES,
  TRANSFER_BYTES_PER_SECOND,
} from './limits.ts'
import { PointerIndex, type Range, type RangeDigest } from './pointer-index.ts'
import type { Position } from './position.ts'
import type { ChordState } from './state.ts'

/** Pointers of others that this node holds: as the owner of their keys, or as one of those that follow it. */
export class Custody {
  readonly table = new PointerTable({
    inAll: MAX_POINTERS,
    perKey: MAX_POINTERS_PER_KEY,
    perProvider: MAX_POINTERS_PER_PROVIDER,
  })
  /** The same pointers by their points. */
  private readonly index = new PointerIndex()
  readonly intake: PointerIntake
  private readonly state: ChordState
  private readonly settled = new Set<Position>()
  private readonly bucket: TokenBucket
  private nextSweepMs = 0

  constructor(state: ChordState) {
    this.state = state
    this.bucket = new TokenBucket(TRANSFER_BYTES_PER_SECOND, TRANSFER_BURST_BYTES, state.now())
    this.intake = new PointerIntake({
      environment: state.environment,
      handles: state.handles,
      hasLeft: () => state.phase === 'left',
      limits: { inAll: MAX_PENDING_VERIFICATIONS, perPeer: MAX_PENDING_VERIFICATIONS_PER_PEER },
      knownAs: pointer => this.table.versionOf(pointer),
    })
  }

  placeOf(key: Key): Identifier {
    return this.state.space.ofKey(key)
  }

  /** Live pointers under the key. */
  find(key: Key, limit: number): Pointer[] {
    return this.table.find(key, this.state.nowS(), limit)
  }

  /** The place has what it should hold: its silence means something from now on. */
  settle(position: Position): void {
    this.settled.add(position)
  }

  isSettled(position: Position): boolean {
    return this.settled.has(position)
  }

  /** Whether this node's silence about the point means that there is nothing. */
  isSettledFor(point: Identifier): boolean {
    return this.state.positions.some(position => this.settled.has(position) && this.keeps(position, point))
  }

  /** Whether the point is among those that this node holds pointers for. */
  isKept(point: Identifier): boolean {
    return this.state.positions.some(position => this.keeps(position, point))
  }

  /**
   * The point from which on this place holds what it is the owner of, or one of the replicas: its k-th predecessor;
   * undefined as long as that is not known, and on a ring so small that everybody holds everything.
   */
  floorOf(position: Position): Identifier | undefined {
    const { predecessor, chain, identifier } = position
    if (predecessor === undefined) return undefined
    const points = [predecessor.identifier, ...chain].slice(0, this.state.chainLength)
    for (let i = 1; i < points.length; i++)
      if (!isBetween(identifier, points[i]!, points[i - 1]!)) return undefined
    return points[this.state.chainLength - 1]
  }

  /** Takes verified pointers. @returns how many are held now, in this version or a later one. */
  put(pointers: readonly Pointer[]): number {
    let held = 0
    for (const pointer of pointers) {
      const result = this.hasRoom(pointer) ? this.table.put(pointer) : 'full'
      if (result === 'new' || result === 'fresher') this.index.put(this.placeOf(pointer.key), pointer)
      if (result !== 'full') held++
    }
    return held
  }

  /** Sweeps out what has expired, now and then: nothing of it is answered before. */
  expire(): void {
    const nowMs = this.state.now()
    if (nowMs < this.nextSweepMs) return
    this.nextSweepMs = nowMs + SWEEP_INTERVAL_MS
    const nowS = this.state.nowS()
    if (this.table.expire(nowS) > 0) this.index.keep(({ expiresAt }) => expiresAt > nowS)
  }

  /** Somebody wants pointers held here. @returns how many are, once they have been looked at. */
  onStore(from: PeerHandle, pointers: readonly Pointer[], done: (accepted: number) => void): void {
    const ours = pointers.filter(({ key }) => this.isKept(this.placeOf(key)))
    this.intake.verify(ours, from, valid => done(this.put(valid)))
  }

  digestOf(range: Range): RangeDigest {
    return this.index.digestOf(range)
  }

  /** One page of the pointers in a range, those that were taken back included. */
  pageOf(range: Range, skip: number): { readonly pointers: Pointer[]; readonly more: boolean } {
    const pointers: Pointer[] = []
    let bytes = 0
    for (const pointer of this.index.inRange(range, skip)) {
      bytes += pointerCost(pointer)
      const isFull = bytes > MAX_TRANSFER_BYTES || pointers.length === MAX_POINTERS_PER_MESSAGE
      if (isFull) return { pointers, more: true }
      pointers.push(pointer)
    }
    return { pointers, more: false }
  }

  /** Whether so much may be sent now to those who pull. */
  mayServe(bytes: number): boolean {
    return this.bucket.take(bytes, this.state.now())
  }

  inRange(range: Range): IterableIterator<Pointer> {
    return this.index.inRange(range)
  }

  /** A pointer that none of the places should hold any more. */
  surplus(): Pointer | undefined {
    const [first] = this.state.members
    const floor = first === undefined ? undefined : this.floorOf(first)
    if (first === undefined || floor === undefined) return undefined
    for (const pointer of this.index.inRange({ after: first.identifier, upTo: floor }))
      if (!this.isKept(this.placeOf(pointer.key))) return pointer
    return undefined
  }

  dropSurplus(range: Range): void {
    const isSurplus = ({ key }: Pointer) => {
      const point = this.placeOf(key)
      return isInRange(range.after, point, range.upTo) && !this.isKept(point)
    }
    if (this.table.removeWhere(isSurplus) > 0) this.index.keep(pointer => !isSurplus(pointer))
  }

  clear(): void {
    this.table.clear()
    this.index.clear()
    this.settled.clear()
  }

  private keeps(position: Position, point: Identifier): boolean {
    if (!position.isMember) return false
    const floor = this.floorOf(position)
    return floor === undefined || isInRange(floor, point, position.identifier)
  }

  /** No provider may fill a key's list: a word may lead to several of its contents, but not to all there are. */
  private hasRoom(pointer: Pointer): boolean {
    if (pointer.target === undefined || this.table.versionOf(pointer) !== undefined) return true
    const provider = bytesKey(pointer.provider)
    const others = this.table.find(pointer.key, this.state.nowS(), MAX_POINTERS_PER_KEY)
    const own = others.filter(other => bytesKey(other.provider) === provider)
    return own.length < MAX_POINTERS_PER_KEY_AND_PROVIDER
  }
}
