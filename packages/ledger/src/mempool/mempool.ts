import { bytesKey, OK, refused, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { CoinsView } from '../coin.ts'
import type { HeaderNode } from '../header-node.ts'
import type { TxId, Wtxid } from '../ids.ts'
import { MAX_MEMPOOL_BYTES } from '../limits.ts'
import type { ChainParameters } from '../params.ts'
import { type OutPoint, outPointKey, type Transaction } from '../transaction.ts'
import { type AcceptanceOptions, checkAcceptance } from './check-acceptance.ts'
import { descendantFeeRate, worstPackages } from './eviction.ts'
import { FeeFloor } from './fee-floor.ts'
import { closure, MempoolEntry } from './mempool-entry.ts'

/** What the mempool has to know of the chain at the moment of a call. */
export interface MempoolContext {
  /** Coins at the tip. */
  readonly coins: CoinsView
  readonly tip: HeaderNode
  /** Unix time in seconds. */
  readonly now: number
  readonly verifier: SignatureVerifier
}

/** What a mempool is made with. */
export interface MempoolOptions {
  readonly parameters: ChainParameters
  /** Memory in bytes. Default {@link MAX_MEMPOOL_BYTES}. */
  readonly limit?: number
  /** Told of what had to leave for transactions that pay more. */
  readonly onEvicted?: (transaction: Transaction) => void
}

/**
 * Transactions that wait for a block. First seen wins: what spends a coin that another one here spends is refused.
 * Knows no clock and no chain of its own.
 */
export class Mempool {
  readonly parameters: ChainParameters
  /** Memory in bytes beyond which the transactions that pay least are dropped. */
  readonly limit: number
  private readonly byTxid = new Map<string, MempoolEntry>()
  private readonly byWtxid = new Map<string, MempoolEntry>()
  private readonly spenders = new Map<string, MempoolEntry>()
  private readonly floor = new FeeFloor()
  private readonly onEvicted: (transaction: Transaction) => void
  private usedBytes = 0

  constructor({ parameters, limit = MAX_MEMPOOL_BYTES, onEvicted = () => undefined }: MempoolOptions) {
    this.onEvicted = onEvicted
    this.parameters = parameters
    this.limit = limit
  }

  /** Transactions. */
  get size(): number {
    return this.byTxid.size
  }

  /** Memory that the transactions are charged. */
  get bytes(): number {
    return this.usedBytes
  }

  /** Fee rate below which nothing is taken, since memory ran out; satoshis per 1,000 virtual bytes, mostly 0. */
  feeFloor(nowSeconds: number): bigint {
    return this.floor.at(nowSeconds, this.usedBytes < this.limit / 2)
  }

  get(txid: TxId): Transaction | undefined {
    return this.entry(txid)?.transaction
  }

  getByWtxid(wtxid: Wtxid): Transaction | undefined {
    return this.byWtxid.get(bytesKey(wtxid))?.transaction
  }

  has(txid: TxId): boolean {
    return this.byTxid.has(bytesKey(txid))
  }

  entry(txid: TxId): MempoolEntry | undefined {
    return this.byTxid.get(bytesKey(txid))
  }

  /** In the order in which they came: parents before children. */
  entries(): IterableIterator<MempoolEntry> {
    return this.byTxid.values()
  }

  /** The transaction here that spends the output. */
  spenderOf(outPoint: OutPoint): Transaction | undefined {
    return this.spenders.get(outPointKey(outPoint))?.transaction
  }

  /** Whether {@link accept} would take it. Changes nothing. */
  check(transaction: Transaction, context: MempoolContext): Verdict {
    const checked = checkAcceptance(transaction, this, context, NEW)
    return checked.ok ? OK : checked
  }

  /** Takes the transaction, or says why not. What pays least may have to go for it. */
  accept(transaction: Transaction, context: MempoolContext): Verdict {
    return this.take(transaction, context, NEW)
  }

  /**
   * A block was connected: its transactions leave, and whatever spends a coin that it spent.
   * @returns what left without being in the block.
   */
  onBlockConnected(block: Block): Transaction[] {
    const conflicting = new Set<MempoolEntry>()
    for (const transaction of block.transactions) {
      const included = this.entry(transaction.txid)
      if (included !== undefined) this.unlink(included)
      for (const { previousOutput } of transaction.inputs) {
        const spender = this.spenders.get(outPointKey(previousOutput))
        if (spender !== undefined) conflicting.add(spender)
      }
    }
    this.floor.onBlock()
    return this.removeWithDescendants(conflicting)
  }

  /**
   * The chain was reorganised: takes the disconnected blocks' transactions back, and looks at everything here again.
   * @param returned lowest block first.
   * @returns what had to leave.
   */
  onReorganised(returned: readonly Transaction[], context: MempoolContext): Transaction[] {
    const waiting = [...this.byTxid.values()]
    for (const entry of waiting.toReversed()) this.unlink(entry)
    for (const transaction of returned) this.take(transaction, context, RETURNED)
    for (const { transaction, time } of waiting) this.take(transaction, { ...context, now: time }, KEPT)
    return waiting.map(entry => entry.transaction).filter(transaction => !this.has(transaction.txid))
  }

  private take(transaction: Transaction, context: MempoolContext, options: AcceptanceOptions): Verdict {
    const checked = checkAcceptance(transaction, this, context, options)
    if (!checked.ok) return checked
    const { fee, sigopsCost } = checked.value
    const entry = new MempoolEntry(transaction, fee, context.now, context.tip.height, sigopsCost)
    this.link(entry)
    this.evictToLimit(context.now)
    return this.has(transaction.txid) ? OK : refused('mempool full')
  }

  private link(entry: MempoolEntry): void {
    const { transaction } = entry
    this.byTxid.set(bytesKey(transaction.txid), entry)
    this.byWtxid.set(bytesKey(transaction.wtxid), entry)
    this.usedBytes += entry.memoryBytes
    for (const { previousOutput } of transaction.inputs) {
      this.spenders.set(outPointKey(previousOutput), entry)
      const parent = this.entry(previousOutput.txid)
      if (parent === undefined) continue
      entry.parents.add(parent)
      parent.children.add(entry)
    }
  }

  private unlink(entry: MempoolEntry): void {
    const { transaction } = entry
    this.byTxid.delete(bytesKey(transaction.txid))
    this.byWtxid.delete(bytesKey(transaction.wtxid))
    this.usedBytes -= entry.memoryBytes
    for (const { previousOutput } of transaction.inputs) this.spenders.delete(outPointKey(previousOutput))
    for (const parent of entry.parents) parent.children.delete(entry)
    for (const child of entry.children) child.parents.delete(entry)
  }

  private removeWithDescendants(entries: Iterable<MempoolEntry>): Transaction[] {
    const leaving = closure(entries, entry => entry.children)
    for (const entry of leaving) this.unlink(entry)
    return Array.from(leaving, entry => entry.transaction)
  }

  /** Drops those that pay least for themselves and their descendants until the memory suffices. */
  private evictToLimit(nowSeconds: number): void {
    if (this.usedBytes <= this.limit) return
    for (const entry of worstPackages(this.byTxid.values())) {
      if (this.usedBytes <= this.limit) return
      if (!this.has(entry.transaction.txid)) continue
      this.floor.raiseAbove(descendantFeeRate(entry), nowSeconds)
      for (const evicted of this.removeWithDescendants([entry])) this.onEvicted(evicted)
    }
  }
}

/** From a peer or a user. */
const NEW: AcceptanceOptions = { checkScripts: true, checkFee: true }
/** From a block that was disconnected: what was good enough for a miner may wait for the next one. */
const RETURNED: AcceptanceOptions = { checkScripts: true, checkFee: false }
/** Here since before a reorganisation. Scripts do not depend on the chain. */
const KEPT: AcceptanceOptions = { checkScripts: false, checkFee: false }
