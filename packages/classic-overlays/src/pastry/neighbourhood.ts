import type { Contact, Placing } from './contact.ts'
import { equalIds, type NodeId } from './node-id.ts'

const NOT_PLACED: Placing = Object.freeze({ isPlaced: false })

/** The |M| nearest peers by round-trip time (§2.1). Not for routing: newcomers nearby are told of them. */
export class Neighbourhood {
  /** The nearest first. */
  private readonly nearest: Contact[] = []
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  get members(): readonly Contact[] {
    return this.nearest
  }

  has(contact: Contact): boolean {
    return this.nearest.includes(contact)
  }

  hasId(id: NodeId): boolean {
    return this.nearest.some(contact => equalIds(contact.id, id))
  }

  /** Places the contact by its round-trip time, which has been measured just now. */
  offer(contact: Contact): Placing {
    const { nearest } = this
    const before = nearest.indexOf(contact)
    if (before >= 0) nearest.splice(before, 1)
    if (contact.rttMs === Number.POSITIVE_INFINITY) return NOT_PLACED
    const at = nearest.findIndex(other => contact.rttMs < other.rttMs)
    if (at < 0 && nearest.length >= this.size) return NOT_PLACED
    nearest.splice(at < 0 ? nearest.length : at, 0, contact)
    const last = nearest.length > this.size ? nearest.pop() : undefined
    return last === undefined ? { isPlaced: true } : { isPlaced: true, displaced: [last] }
  }

  remove(contact: Contact): boolean {
    const at = this.nearest.indexOf(contact)
    if (at >= 0) this.nearest.splice(at, 1)
    return at >= 0
  }

  clear(): void {
    this.nearest.length = 0
  }
}
