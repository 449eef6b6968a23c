import {
  type Block,
  type OutPoint,
  outPointKey,
  parseTransaction,
  serializeTransaction,
  type Transaction,
  type TxId,
  type TxOutput,
} from '@onehop/ledger'
import { bytesKey } from '@onehop/primitives'
import type { AddressBook } from './address-book.ts'
import type { ScriptKind, WalletKey } from './keys.ts'

/** An output that pays us, spent or not. */
export interface WalletCoin {
  readonly outpoint: OutPoint
  readonly output: TxOutput
  /** The key that it pays. */
  readonly key: WalletKey
  readonly kind: ScriptKind
  /** The transaction that it is an output of. */
  readonly origin: LoggedTransaction
  /** The transaction of the log that spends it. */
  spender: LoggedTransaction | undefined
}

/** A transaction that pays us or spends our coins. */
export interface LoggedTransaction {
  readonly transaction: Transaction
  /** Of the block that confirms it; undefined while none does. */
  height: number | undefined
  /** Unix time in seconds: when it was first seen, or of the block where it was first seen in one. */
  readonly timeSeconds: number
  readonly coinbase: boolean
  readonly spends: readonly WalletCoin[]
  readonly pays: readonly WalletCoin[]
}

/** A copy with bytes of its own: what is parsed from a block would keep the whole block in memory. */
function detached(transaction: Transaction): Transaction {
  return parseTransaction(serializeTransaction(transaction))
}

/** All transactions of the wallet and the coins that they make and spend, following the chain and the mempool. */
export class TransactionLog {
  private readonly book: AddressBook
  private readonly transactions = new Map<string, LoggedTransaction>()
  private readonly coins = new Map<string, WalletCoin>()
  private readonly unspentCoins = new Set<WalletCoin>()

  constructor(book: AddressBook) {
    this.book = book
  }

  /** In the order in which they were first seen. */
  all(): IterableIterator<LoggedTransaction> {
    return this.transactions.values()
  }

  get(txid: TxId): LoggedTransaction | undefined {
    return this.transactions.get(bytesKey(txid))
  }

  unspent(): IterableIterator<WalletCoin> {
    return this.unspentCoins.values()
  }

  connectBlock({ header, transactions }: Block, height: number): void {
    for (const [position, transaction] of transactions.entries())
      this.add(transaction, { height, timeSeconds: header.time, coinbase: position === 0 })
  }

  /** Its transactions are unconfirmed again; its coinbase, and what spent that, never happened. */
  disconnectBlock({ transactions }: Block): void {
    for (const { txid } of transactions.toReversed()) {
      const logged = this.get(txid)
      if (logged?.coinbase) this.remove(logged)
      else if (logged) logged.height = undefined
    }
  }

  addUnconfirmed(transaction: Transaction, timeSeconds: number): void {
    this.add(transaction, { height: undefined, timeSeconds, coinbase: false })
  }

  /** Forgets the transaction unless it is confirmed. */
  removeUnconfirmed(txid: TxId): void {
    const logged = this.get(txid)
    if (logged !== undefined && logged.height === undefined) this.remove(logged)
  }

  private add(
    transaction: Transaction,
    seen: Pick<LoggedTransaction, 'height' | 'timeSeconds' | 'coinbase'>,
  ): void {
    const known = this.get(transaction.txid)
    if (known !== undefined) {
      known.height = seen.height ?? known.height
      return
    }
    const spends = this.coinsSpentBy(transaction)
    if (!this.giveWay(spends, seen.height)) return
    if (spends.length === 0 && !transaction.outputs.some(output => this.book.find(output.scriptPubKey)))
      return
    const logged = { transaction: detached(transaction), ...seen, spends, pays: [] as WalletCoin[] }
    logged.pays.push(...this.coinsMadeBy(logged))
    this.insert(logged)
  }

  /**
   * Clears the coins of other spenders, which this transaction conflicts with.
   * @returns false when one of them is confirmed, so that the newcomer is the one that lost.
   */
  private giveWay(spends: readonly WalletCoin[], height: number | undefined): boolean {
    const others = spends.flatMap(coin => coin.spender ?? [])
    if (height === undefined && others.some(other => other.height !== undefined)) return false
    for (const other of others) this.remove(other)
    return true
  }

  private coinsSpentBy({ inputs }: Transaction): WalletCoin[] {
    return inputs.flatMap(input => this.coins.get(outPointKey(input.previousOutput)) ?? [])
  }

  private *coinsMadeBy(origin: LoggedTransaction): Iterable<WalletCoin> {
    const { txid, outputs } = origin.transaction
    for (const [index, output] of outputs.entries()) {
      const own = this.book.find(output.scriptPubKey)
      if (own === undefined) continue
      this.book.markUsed(own.key)
      yield { outpoint: { txid, index }, output, ...own, origin, spender: undefined }
    }
  }

  private insert(logged: LoggedTransaction): void {
    this.transactions.set(bytesKey(logged.transaction.txid), logged)
    for (const coin of logged.spends) {
      coin.spender = logged
      this.unspentCoins.delete(coin)
    }
    for (const coin of logged.pays) {
      this.coins.set(outPointKey(coin.outpoint), coin)
      this.unspentCoins.add(coin)
    }
  }

  /** Removes the transaction and those that spend its coins. */
  private remove(first: LoggedTransaction): void {
    const doomed = [first]
    for (let logged = doomed.pop(); logged !== undefined; logged = doomed.pop()) {
      if (!this.transactions.delete(bytesKey(logged.transaction.txid))) continue
      doomed.push(...logged.pays.flatMap(coin => coin.spender ?? []))
      this.undo(logged)
    }
  }

  private undo(logged: LoggedTransaction): void {
    for (const coin of logged.pays) {
      this.coins.delete(outPointKey(coin.outpoint))
      this.unspentCoins.delete(coin)
    }
    for (const coin of logged.spends) {
      coin.spender = undefined
      if (this.coins.has(outPointKey(coin.outpoint))) this.unspentCoins.add(coin)
    }
  }
}
