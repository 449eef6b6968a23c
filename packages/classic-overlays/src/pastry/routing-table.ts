import type { Contact, Placing } from './contact.ts'
import { ID_BITS } from './limits.ts'
import { digitAt, type NodeId, sharedDigits } from './node-id.ts'

const NOT_PLACED: Placing = Object.freeze({ isPlaced: false })

/**
 * Row n, column d: a node that shares our first n digits and has d as the next (§2.1). Of several that could stand
 * there, the one with the shortest round-trip time. Rows are made as they are needed.
 */
export class RoutingTable {
  private readonly own: NodeId
  private readonly bits: number
  private readonly rows: (Contact | undefined)[][] = []
  private count = 0

  constructor(own: NodeId, bits: number) {
    this.own = own
    this.bits = bits
  }

  /** Places that are taken. */
  get size(): number {
    return this.count
  }

  /** Rows that anybody stands in, and the empty ones before them. */
  get depth(): number {
    return this.rows.length
  }

  /** Places that there are. */
  get capacity(): number {
    return (ID_BITS / this.bits) * (1 << this.bits)
  }

  /** Who stands where a message to this id would go. */
  at(id: NodeId): Contact | undefined {
    const row = sharedDigits(this.own, id, this.bits)
    return this.rows[row]?.[digitAt(id, row, this.bits)]
  }

  /** Whether a node with this id would find its place empty. */
  hasRoomFor(id: NodeId): boolean {
    return sharedDigits(this.own, id, this.bits) < ID_BITS / this.bits && this.at(id) === undefined
  }

  /** Takes an empty place, or that of somebody farther away. */
  offer(contact: Contact): Placing {
    const row = sharedDigits(this.own, contact.id, this.bits)
    if (row === ID_BITS / this.bits) return NOT_PLACED
    const column = digitAt(contact.id, row, this.bits)
    const present = this.rows[row]?.[column]
    if (present === contact) return { isPlaced: true }
    if (present !== undefined && !(contact.rttMs < present.rttMs)) return NOT_PLACED
    while (this.rows.length <= row) this.rows.push([])
    this.rows[row]![column] = contact
    if (present === undefined) this.count++
    return present === undefined ? { isPlaced: true } : { isPlaced: true, displaced: [present] }
  }

  has(contact: Contact): boolean {
    return this.at(contact.id) === contact
  }

  /** @returns whether it stood anywhere. */
  remove(contact: Contact): boolean {
    if (!this.has(contact)) return false
    const row = sharedDigits(this.own, contact.id, this.bits)
    this.rows[row]![digitAt(contact.id, row, this.bits)] = undefined
    this.count--
    return true
  }

  /** Those in one row. */
  row(index: number): Contact[] {
    return (this.rows[index] ?? []).filter(contact => contact !== undefined)
  }

  *all(): IterableIterator<Contact> {
    for (const row of this.rows) for (const contact of row) if (contact !== undefined) yield contact
  }

  clear(): void {
    this.rows.length = 0
    this.count = 0
  }
}
