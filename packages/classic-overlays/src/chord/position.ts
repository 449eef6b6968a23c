import { ownAddresses } from '@onehop/overlay'
import { FingerTable } from './fingers.ts'
import { type Identifier, isBetween } from './identifiers.ts'
import { RingEntry, type RingPeer } from './ring-entry.ts'
import type { ChordState } from './state.ts'

/** One place of this machine on the ring: what the papers call a node, and a virtual node where there are several. */
export class Position {
  /** Which of the machine's virtual nodes: its identifier hangs on it. */
  index: number
  identifier: Identifier
  /** Whether it has entered the ring. */
  isMember = false
  /** The nodes that follow, the next first: at most r, in order, this one not among them. */
  successors: readonly RingPeer[] = []
  /** Whether the list goes all the way round: it was told with this node in it. */
  isWholeRing = false
  predecessor: RingPeer | undefined
  /** When the predecessor last gave a sign of life. */
  predecessorHeardMs = 0
  /** Identifiers of the predecessor's predecessors, as it tells. */
  chain: readonly Identifier[] = []
  readonly fingers: FingerTable
  /** Digest of the list that the successor told last, so that it need not tell it again; 0: none. */
  knownDigest = 0
  private digest = 0
  private entry: RingEntry | undefined
  readonly state: ChordState

  constructor(state: ChordState, index: number) {
    this.state = state
    this.index = index
    this.identifier = state.space.ofPeer(state.ownId, index)
    this.fingers = new FingerTable(state)
  }

  /** Stands elsewhere from now on, as another of the peer's virtual nodes. */
  moveTo(index: number): void {
    this.index = index
    this.identifier = this.state.space.ofPeer(this.state.ownId, index)
  }

  /** The next node; undefined: this one is alone. */
  get head(): RingPeer | undefined {
    return this.successors[0]
  }

  /** As messages name it. */
  get ownEntry(): RingEntry {
    const addresses = ownAddresses(this.state.environment)
    const known = this.entry
    const isSame =
      known?.index === this.index &&
      known.addresses.length === addresses.length &&
      addresses.every((address, i) => address === known.addresses[i])
    if (isSame) return known
    this.entry = new RingEntry(this.state.ownId, addresses, this.index, this.identifier)
    return this.entry
  }

  /** Of the identifiers of the successors, in their order: the same for the same list, and hardly ever 0. */
  get successorDigest(): number {
    if (this.digest === 0) {
      let hash = 0x811c9dc5
      for (const { identifier } of this.successors) hash = addToDigest(hash, identifier)
      this.digest = hash === 0 ? 1 : hash
    }
    return this.digest
  }

  /**
   * Adopts a successor list. What is not in order is cut off, so that a list that somebody made up can hide nodes but
   * not lead round in circles.
   * @returns whether it is another list now.
   */
  adoptSuccessors(entries: readonly RingEntry[]): boolean {
    const { space } = this.state
    this.isWholeRing = entries.some(entry => entry.identifierIn(space) === this.identifier)
    return this.replaceSuccessors(this.ordered(entries))
  }

  /** The successor is gone: the next one takes its place. */
  dropHead(): void {
    this.replaceSuccessors(this.successors.slice(1).map(({ entry }) => entry))
  }

  /** Nobody counts on this node any more. */
  forgetSuccessor(identifier: Identifier): void {
    const kept = this.successors.filter(row => row.identifier !== identifier)
    if (kept.length < this.successors.length) this.replaceSuccessors(kept.map(({ entry }) => entry))
  }

  adoptPredecessor(entry: RingEntry | undefined): void {
    const { state } = this
    const before = this.predecessor
    this.predecessor = entry === undefined ? undefined : state.hold(entry)
    if (before !== undefined) state.drop(before)
    this.predecessorHeardMs = state.now()
    if (before?.identifier !== this.predecessor?.identifier) this.chain = []
  }

  /** Whether this node is the direct predecessor of the point, as far as it knows. */
  precedes(target: Identifier): boolean {
    const { head } = this
    return (
      head === undefined || target === head.identifier || isBetween(this.identifier, target, head.identifier)
    )
  }

  /** Lets go of everything. */
  clear(): void {
    this.isMember = false
    this.replaceSuccessors([])
    this.adoptPredecessor(undefined)
    this.fingers.clear()
  }

  private replaceSuccessors(wanted: readonly RingEntry[]): boolean {
    const { state } = this
    const isSame =
      wanted.length === this.successors.length &&
      wanted.every((entry, i) => entry.identifierIn(state.space) === this.successors[i]!.identifier)
    if (isSame) return false
    const before = this.successors
    this.successors = wanted.map(entry => state.hold(entry))
    for (const row of before) state.drop(row)
    this.digest = 0
    if (before[0]?.identifier !== this.successors[0]?.identifier) this.knownDigest = 0
    return true
  }

  private ordered(entries: readonly RingEntry[]): RingEntry[] {
    const { state, identifier: self } = this
    const kept: RingEntry[] = []
    let previous = self
    for (const entry of entries) {
      const place = entry.identifierIn(state.space)
      if (kept.length === state.successorLimit || !isBetween(previous, place, self)) break
      kept.push(entry)
      previous = place
    }
    return kept
  }
}

/** FNV-1a over the first characters, which tell identifiers apart. */
export function addToDigest(hash: number, text: string): number {
  let next = hash
  for (let i = 0; i < 8; i++) next = Math.imul(next ^ text.charCodeAt(i), 0x01000193)
  return next >>> 0
}
