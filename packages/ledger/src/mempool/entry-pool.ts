import { bytesKey } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { TxId, Wtxid } from '../ids.ts'
import { type OutPoint, outPointKey, type Transaction } from '../transaction.ts'
import { countNewcomer, discountLeaving, recount, shiftFee } from './entry-totals.ts'
import { createEvictionQueue } from './eviction-queue.ts'
import { closure, type EntryFields, linkEntries, MempoolEntry, unlinkEntry } from './mempool-entry.ts'
import type { PlacedHeap } from './placed-heap.ts'

/** A fee that counts for more or less than was paid, whether or not the transaction is here. */
export interface FeeDelta {
  readonly txid: TxId
  readonly delta: Sats
}

/** The entries of a mempool, found by their ids and by what they spend, with their sums. Knows no policy. */
export class EntryPool {
  private readonly byTxid = new Map<string, MempoolEntry>()
  private readonly byWtxid = new Map<string, MempoolEntry>()
  private readonly spenders = new Map<string, MempoolEntry>()
  private readonly deltas = new Map<string, FeeDelta>()
  /** Made when memory first runs out; most pools never need it. */
  private queue: PlacedHeap<MempoolEntry> | undefined
  /** Memory that the entries are charged, in bytes. */
  usedBytes = 0
  /** Virtual bytes of all entries. */
  virtualSize = 0
  /** Satoshis. */
  totalFee: Sats = 0n
  /** Entries that will have to be looked at again after a reorganisation. */
  readonly timeBound = new Set<MempoolEntry>()

  get size(): number {
    return this.byTxid.size
  }

  /** In the order in which they came: parents before children, but for what a reorganisation brought back. */
  entries(): IterableIterator<MempoolEntry> {
    return this.byTxid.values()
  }

  get(txid: TxId): MempoolEntry | undefined {
    return this.byTxid.get(bytesKey(txid))
  }

  getByWtxid(wtxid: Wtxid): MempoolEntry | undefined {
    return this.byWtxid.get(bytesKey(wtxid))
  }

  spenderOf(outPoint: OutPoint): MempoolEntry | undefined {
    return this.spenders.get(outPointKey(outPoint))
  }

  /** Those whose outputs the transaction spends. */
  parentsOf({ inputs }: Transaction): Set<MempoolEntry> {
    const parents = new Set<MempoolEntry>()
    for (const { previousOutput } of inputs) {
      const parent = this.get(previousOutput.txid)
      if (parent !== undefined) parents.add(parent)
    }
    return parents
  }

  /**
   * Adds a transaction whose inputs nothing here spends. What spends its own outputs may be here, after a reorganisation.
   * @param parents those here whose outputs it spends.
   */
  add(fields: EntryFields, parents: Iterable<MempoolEntry>): MempoolEntry {
    const entry = new MempoolEntry(fields)
    const { transaction } = entry
    const txidKey = bytesKey(transaction.txid)
    this.byTxid.set(txidKey, entry)
    this.byWtxid.set(transaction.hasWitness ? bytesKey(transaction.wtxid) : txidKey, entry)
    for (const { previousOutput } of transaction.inputs) this.spenders.set(outPointKey(previousOutput), entry)
    for (const parent of parents) linkEntries(parent, entry)
    this.charge(entry, 1)
    if (entry.isTimeBound) this.timeBound.add(entry)
    if (entry.parents.size > 0) countNewcomer(entry, this.onChanged)
    const known = this.deltas.size === 0 ? undefined : this.deltas.get(txidKey)
    if (known !== undefined) shiftFee(entry, known.delta, this.onChanged)
    this.queue?.push(entry)
    return entry
  }

  /** Notes who of those here spends the entry's outputs, and counts again what that changes. */
  adoptSpenders(entries: Iterable<MempoolEntry>): void {
    const changed = new Set<MempoolEntry>()
    for (const entry of entries) {
      const { txid, outputs } = entry.transaction
      for (let index = 0; index < outputs.length; index++) {
        const child = this.spenderOf({ txid, index })
        if (child === undefined || entry.children.has(child)) continue
        linkEntries(entry, child)
        changed.add(entry)
      }
    }
    if (changed.size === 0) return
    const affected = closure(changed, entry => entry.children)
    for (const ancestor of closure(changed, entry => entry.parents)) affected.add(ancestor)
    recount(affected, this.onChanged)
  }

  /** Takes entries out. What depends on them and is not among them stays, and counts without them. */
  remove(leaving: ReadonlySet<MempoolEntry>): void {
    discountLeaving(leaving, this.onChanged)
    for (const entry of leaving) {
      const { transaction } = entry
      this.byTxid.delete(bytesKey(transaction.txid))
      this.byWtxid.delete(bytesKey(transaction.wtxid))
      for (const { previousOutput } of transaction.inputs) this.spenders.delete(outPointKey(previousOutput))
      this.charge(entry, -1)
      this.timeBound.delete(entry)
      this.queue?.remove(entry)
      unlinkEntry(entry)
      entry.hasLeft = true
    }
  }

  /** The entries, and all that depends on them. */
  withDescendants(entries: Iterable<MempoolEntry>): Set<MempoolEntry> {
    return closure(entries, entry => entry.children)
  }

  /** The entry that pays least for itself and its descendants. */
  cheapest(): MempoolEntry | undefined {
    this.queue ??= createEvictionQueue(this.byTxid.values())
    return this.queue.first
  }

  /** There is much room: no need to know who would have to go first. */
  forgetCheapest(): void {
    if (this.queue === undefined) return
    for (const entry of this.byTxid.values()) entry.evictionPlace = -1
    this.queue = undefined
  }

  /** Adds so many satoshis to what the transaction's fee counts for, now or when it comes. */
  prioritise(txid: TxId, by: Sats): void {
    const key = bytesKey(txid)
    const delta = (this.deltas.get(key)?.delta ?? 0n) + by
    if (delta === 0n) this.deltas.delete(key)
    else this.deltas.set(key, { txid, delta })
    const entry = this.byTxid.get(key)
    if (entry !== undefined) shiftFee(entry, by, this.onChanged)
  }

  /** What {@link prioritise} added for the transaction. */
  deltaOf(txid: TxId): Sats {
    return this.deltas.size === 0 ? 0n : (this.deltas.get(bytesKey(txid))?.delta ?? 0n)
  }

  /** All that {@link prioritise} left. */
  feeDeltas(): IterableIterator<FeeDelta> {
    return this.deltas.values()
  }

  /** A block has the transaction: its fee is what it is. */
  clearDelta(txid: TxId): void {
    if (this.deltas.size > 0) this.deltas.delete(bytesKey(txid))
  }

  private readonly onChanged = (entry: MempoolEntry): void => this.queue?.update(entry)

  private charge({ fee, memoryBytes, virtualSize }: MempoolEntry, sign: 1 | -1): void {
    this.usedBytes += sign * memoryBytes
    this.virtualSize += sign * virtualSize
    this.totalFee += sign === 1 ? fee : -fee
  }
}
