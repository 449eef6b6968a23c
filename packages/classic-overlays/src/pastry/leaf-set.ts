import type { Contact, Placing } from './contact.ts'
import { equalIds, isBefore, isCloser, type NodeId } from './node-id.ts'

const NOT_PLACED: Placing = Object.freeze({ isPlaced: false })

/** The |L|/2 nodes whose ids follow ours, and the |L|/2 before it (§2.1). In a small network both halves are the same. */
export class LeafSet {
  /** Clockwise from our own id, the nearest first. */
  readonly larger: Contact[] = []
  /** Counter-clockwise from our own id, the nearest first. */
  readonly smaller: Contact[] = []
  /** Counts the changes. */
  version = 0
  private readonly own: NodeId
  private readonly half: number
  private memberList: Contact[] | undefined

  constructor(own: NodeId, size: number) {
    this.own = own
    this.half = size / 2
  }

  /** All members, each once. */
  get members(): readonly Contact[] {
    this.memberList ??= [...new Set([...this.larger, ...this.smaller])]
    return this.memberList
  }

  has(contact: Contact): boolean {
    return this.larger.includes(contact) || this.smaller.includes(contact)
  }

  hasId(id: NodeId): boolean {
    return this.members.some(member => equalIds(member.id, id))
  }

  /** Whether a node with this id would find a place: not our own id, and nobody's who has one. */
  fits(id: NodeId): boolean {
    if (equalIds(id, this.own) || this.hasId(id)) return false
    return this.fitsIn(this.larger, id, true) || this.fitsIn(this.smaller, id, false)
  }

  add(contact: Contact): Placing {
    if (!this.fits(contact.id)) return NOT_PLACED
    const displaced = [this.insert(this.larger, contact, true), this.insert(this.smaller, contact, false)]
    this.onChange()
    const gone = displaced.filter(other => other !== undefined && other !== contact && !this.has(other))
    return { isPlaced: true, displaced: gone as Contact[] }
  }

  /** @returns whether it was a member. */
  remove(contact: Contact): boolean {
    const isMember = this.has(contact)
    for (const side of [this.larger, this.smaller]) {
      const at = side.indexOf(contact)
      if (at >= 0) side.splice(at, 1)
    }
    if (isMember) this.onChange()
    return isMember
  }

  /** Both halves anew out of all members: where nobody else is known, one may stand in both. */
  refill(): void {
    const { members } = this
    this.clear()
    for (const member of members) this.add(member)
  }

  /** Whether the leaf set knows who is closest to the id: the id lies between its ends, or there is nobody else (§2.3). */
  covers(id: NodeId): boolean {
    if (this.knowsAll) return true
    const [left, right] = [this.smaller.at(-1)!.id, this.larger.at(-1)!.id]
    return equalIds(id, right) || isBefore(left, id, right)
  }

  /** The ends meet, so everybody is a member. */
  get knowsAll(): boolean {
    const { larger, smaller, half } = this
    if (larger.length < half || smaller.length < half) return true
    return smaller.includes(larger.at(-1)!) || larger.includes(smaller.at(-1)!)
  }

  /** The member that is numerically closest to the id and that the filter lets through; undefined: we are. */
  closest(id: NodeId, isUsable: (contact: Contact) => boolean): Contact | undefined {
    let best: Contact | undefined
    for (const member of this.members) {
      const isBetter = isCloser(id, member.id, best?.id ?? this.own)
      if (isBetter && isUsable(member)) best = member
    }
    return best
  }

  /** The far end of the half in which the contact would be: whom to ask when it has died (§2.4). */
  farEndBeside(id: NodeId): Contact | undefined {
    const isClockwise = this.larger.length > 0 && isBefore(this.own, id, this.larger.at(-1)!.id)
    return (isClockwise ? this.larger : this.smaller).at(-1) ?? this.larger.at(-1)
  }

  clear(): void {
    this.larger.length = 0
    this.smaller.length = 0
    this.onChange()
  }

  private onChange(): void {
    this.memberList = undefined
    this.version++
  }

  private fitsIn(side: readonly Contact[], id: NodeId, clockwise: boolean): boolean {
    return side.length < this.half || this.isNearer(id, side.at(-1)!.id, clockwise)
  }

  private isNearer(a: NodeId, b: NodeId, clockwise: boolean): boolean {
    return clockwise ? isBefore(this.own, a, b) : isBefore(this.own, b, a)
  }

  private insert(side: Contact[], contact: Contact, clockwise: boolean): Contact | undefined {
    const at = side.findIndex(other => this.isNearer(contact.id, other.id, clockwise))
    side.splice(at < 0 ? side.length : at, 0, contact)
    return side.length > this.half ? side.pop() : undefined
  }
}
