import type { Sats } from '../amount.ts'
import {
  BYTES_PER_SIGOP,
  MEMPOOL_ENTRY_OVERHEAD_BYTES,
  MEMPOOL_INPUT_OVERHEAD_BYTES,
  MEMPOOL_OUTPUT_OVERHEAD_BYTES,
  WITNESS_SCALE_FACTOR,
} from '../limits.ts'
import type { Transaction } from '../transaction.ts'

/** What an entry is made from. */
export interface EntryFields {
  readonly transaction: Transaction
  /** What its inputs have more than its outputs. */
  readonly fee: Sats
  /** Unix time in seconds at which it came. */
  readonly time: number
  /** Height of the tip at which it came. */
  readonly height: number
  /** Cost of its signature operations (BIP 141). */
  readonly sigopsCost: number
  /** Whether a reorganisation can make it invalid although all its coins remain: by lock times or an unripe coinbase. */
  readonly isTimeBound: boolean
}

const NOBODY: ReadonlySet<MempoolEntry> = new Set()

/**
 * A transaction that waits for a block, what it depends on, and sums over all that it depends on and all that depend on
 * it. The sums are kept up to date by the pool; all of them include the entry itself.
 */
export class MempoolEntry implements EntryFields {
  readonly transaction: Transaction
  readonly fee: Sats
  readonly time: number
  readonly height: number
  readonly sigopsCost: number
  readonly isTimeBound: boolean
  /** Virtual bytes that its fee and its place are measured by. */
  readonly virtualSize: number
  /** Memory that it is charged, in bytes. */
  readonly memoryBytes: number
  /** Transactions of the mempool whose coins it spends. */
  parents = NOBODY
  /** Transactions of the mempool that spend its coins. */
  children = NOBODY
  /** Satoshis that `prioritisetransaction` added to its fee for mining and eviction; may be negative. */
  feeDelta: Sats = 0n
  ancestorCount = 1
  /** Virtual bytes. */
  ancestorSize: number
  /** Satoshis, with what `prioritisetransaction` added. */
  ancestorFees: Sats
  ancestorSigopsCost: number
  descendantCount = 1
  /** Virtual bytes. */
  descendantSize: number
  /** Satoshis, with what `prioritisetransaction` added. */
  descendantFees: Sats
  /** Whether anybody was told of it: what has to go at once was never here. */
  isAnnounced = false
  /** Whether it has left the pool. */
  hasLeft = false
  /** Where it stands in the queue of those that go first when memory runs out; −1 outside of it. */
  evictionPlace = -1

  constructor(fields: EntryFields) {
    const { transaction, fee, sigopsCost } = fields
    this.transaction = transaction
    this.fee = fee
    this.time = fields.time
    this.height = fields.height
    this.sigopsCost = sigopsCost
    this.isTimeBound = fields.isTimeBound
    this.virtualSize = policyVirtualSize(transaction, sigopsCost)
    this.memoryBytes = memoryOf(transaction)
    this.ancestorSize = this.virtualSize
    this.ancestorFees = fee
    this.ancestorSigopsCost = sigopsCost
    this.descendantSize = this.virtualSize
    this.descendantFees = fee
  }

  /** Its fee with what `prioritisetransaction` added. */
  get modifiedFee(): Sats {
    return this.fee + this.feeDelta
  }

  /** Everything in the mempool that it depends on, without itself. */
  get ancestors(): ReadonlySet<MempoolEntry> {
    return this.parents.size === 0 ? NOBODY : closure(this.parents, entry => entry.parents)
  }

  /** Everything in the mempool that depends on it, without itself. */
  get descendants(): ReadonlySet<MempoolEntry> {
    return this.children.size === 0 ? NOBODY : closure(this.children, entry => entry.children)
  }
}

/** Virtual bytes, or more where the signature operations are what fills a block (`GetVirtualTransactionSize`). */
export function policyVirtualSize({ weight }: Transaction, sigopsCost: number): number {
  return Math.ceil(Math.max(weight, sigopsCost * BYTES_PER_SIGOP) / WITNESS_SCALE_FACTOR)
}

function memoryOf({ totalSize, inputs, outputs }: Transaction): number {
  return (
    totalSize +
    MEMPOOL_ENTRY_OVERHEAD_BYTES +
    inputs.length * MEMPOOL_INPUT_OVERHEAD_BYTES +
    outputs.length * MEMPOOL_OUTPUT_OVERHEAD_BYTES
  )
}

/** All that can be reached from `from`, `from` included. */
export function closure(
  from: Iterable<MempoolEntry>,
  next: (entry: MempoolEntry) => Iterable<MempoolEntry>,
): Set<MempoolEntry> {
  const reached = new Set(from)
  for (const entry of reached) for (const neighbour of next(entry)) reached.add(neighbour)
  return reached
}

/** Notes that the child spends a coin of the parent. The sums are not touched. */
export function linkEntries(parent: MempoolEntry, child: MempoolEntry): void {
  child.parents = withMember(child.parents, parent)
  parent.children = withMember(parent.children, child)
}

/** Makes the entry a stranger to all others. The sums are not touched. */
export function unlinkEntry(entry: MempoolEntry): void {
  for (const parent of entry.parents) parent.children = withoutMember(parent.children, entry)
  for (const child of entry.children) child.parents = withoutMember(child.parents, entry)
  entry.parents = NOBODY
  entry.children = NOBODY
}

/** Most entries have no relatives: these share one empty set. */
function withMember(set: ReadonlySet<MempoolEntry>, member: MempoolEntry): ReadonlySet<MempoolEntry> {
  return set === NOBODY ? new Set([member]) : (set as Set<MempoolEntry>).add(member)
}

function withoutMember(set: ReadonlySet<MempoolEntry>, member: MempoolEntry): ReadonlySet<MempoolEntry> {
  if (set.size === 1 && set.has(member)) return NOBODY
  ;(set as Set<MempoolEntry>).delete(member)
  return set
}
