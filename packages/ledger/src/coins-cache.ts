import type { Coin, CoinsView } from './coin.ts'
import { isUnspendable } from './script/script-patterns.ts'
import { type OutPoint, outPointKey, type Transaction } from './transaction.ts'

interface Change {
  readonly outPoint: OutPoint
  /** Absent when it was spent. */
  readonly coin: Coin | undefined
  /** The base has no coin here, so that spending leaves no trace. */
  readonly fresh: boolean
}

/** What coins are added to and spent from. */
export interface CoinsTarget {
  /** @param mayOverwrite there may be an unspent coin here. */
  add(outPoint: OutPoint, coin: Coin, mayOverwrite: boolean): void
  /** Takes a coin away, where there is one. */
  spend(outPoint: OutPoint): void
}

/** Coins added and spent on top of a base that stays as it is until somebody applies {@link CoinsCache.changes}. */
export class CoinsCache implements CoinsView, CoinsTarget {
  private readonly base: CoinsView
  private readonly changesByKey = new Map<string, Change>()

  constructor(base: CoinsView) {
    this.base = base
  }

  /** How many outpoints differ from the base. */
  get size(): number {
    return this.changesByKey.size
  }

  get(outPoint: OutPoint): Coin | undefined {
    const change = this.changesByKey.get(outPointKey(outPoint))
    return change === undefined ? this.base.get(outPoint) : change.coin
  }

  /** @param mayOverwrite the base may have an unspent coin here, as before BIP 30 and when a block is undone. */
  add(outPoint: OutPoint, coin: Coin, mayOverwrite = false): void {
    const key = outPointKey(outPoint)
    const before = this.changesByKey.get(key)
    const fresh = before === undefined ? !mayOverwrite : before.fresh
    this.changesByKey.set(key, { outPoint, coin, fresh })
  }

  /** Takes the coin away and returns it; undefined when there is none. */
  spend(outPoint: OutPoint): Coin | undefined {
    const key = outPointKey(outPoint)
    const change = this.changesByKey.get(key)
    const coin = change === undefined ? this.base.get(outPoint) : change.coin
    if (coin === undefined) return undefined
    if (change?.fresh) this.changesByKey.delete(key)
    else this.changesByKey.set(key, { outPoint, coin: undefined, fresh: false })
    return coin
  }

  /**
   * Adds the transaction's outputs, but for those that nobody can ever spend.
   * @param mayOverwrite there may be such outputs already, as two coinbases of mainnet have the same id.
   */
  addOutputs(transaction: Transaction, height: number, mayOverwrite = transaction.isCoinbase): void {
    const coinbase = transaction.isCoinbase
    transaction.outputs.forEach((output, index) => {
      if (isUnspendable(output.scriptPubKey)) return
      this.add({ txid: transaction.txid, index }, { output, height, coinbase }, mayOverwrite)
    })
  }

  /** Every outpoint that differs from the base: its coin, or undefined where it was spent. */
  *changes(): IterableIterator<[OutPoint, Coin | undefined]> {
    for (const { outPoint, coin } of this.changesByKey.values()) yield [outPoint, coin]
  }

  /** Makes all changes in the base, which is given again because it can be changed, and forgets them here. */
  flushInto(target: CoinsTarget): void {
    for (const { outPoint, coin, fresh } of this.changesByKey.values()) {
      if (coin === undefined) target.spend(outPoint)
      else target.add(outPoint, coin, !fresh)
    }
    this.changesByKey.clear()
  }

  /** Forgets all changes. */
  clear(): void {
    this.changesByKey.clear()
  }
}
