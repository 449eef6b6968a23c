import type { Sats } from '../amount.ts'
import { BYTES_PER_SIGOP, MEMPOOL_ENTRY_OVERHEAD_BYTES, WITNESS_SCALE_FACTOR } from '../limits.ts'
import type { Transaction } from '../transaction.ts'

/** A transaction that waits for a block, and what it depends on. */
export class MempoolEntry {
  readonly transaction: Transaction
  readonly fee: Sats
  /** Unix time in seconds at which it came. */
  readonly time: number
  /** Height of the tip at which it came. */
  readonly height: number
  /** Cost of its signature operations (BIP 141). */
  readonly sigopsCost: number
  /** Transactions of the mempool whose coins it spends. */
  readonly parents = new Set<MempoolEntry>()
  /** Transactions of the mempool that spend its coins. */
  readonly children = new Set<MempoolEntry>()

  constructor(transaction: Transaction, fee: Sats, time: number, height: number, sigopsCost: number) {
    this.transaction = transaction
    this.fee = fee
    this.time = time
    this.height = height
    this.sigopsCost = sigopsCost
  }

  /** Virtual bytes that its fee and its place are measured by. */
  get virtualSize(): number {
    return policyVirtualSize(this.transaction, this.sigopsCost)
  }

  /** Memory that it is charged, in bytes. */
  get memoryBytes(): number {
    return this.transaction.totalSize + MEMPOOL_ENTRY_OVERHEAD_BYTES
  }

  /** Everything in the mempool that it depends on, without itself. */
  get ancestors(): Set<MempoolEntry> {
    return closure(this.parents, entry => entry.parents)
  }

  /** Everything in the mempool that depends on it, without itself. */
  get descendants(): Set<MempoolEntry> {
    return closure(this.children, entry => entry.children)
  }
}

/** Virtual bytes, or more where the signature operations are what fills a block (`GetVirtualTransactionSize`). */
export function policyVirtualSize({ weight }: Transaction, sigopsCost: number): number {
  return Math.ceil(Math.max(weight, sigopsCost * BYTES_PER_SIGOP) / WITNESS_SCALE_FACTOR)
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
