import type { Coin, CoinsView } from './coin.ts'
import { OutPointMap } from './outpoint-map.ts'
import { isUnspendable } from './script/script-patterns.ts'
import type { OutPoint, Transaction } from './transaction.ts'

interface Change {
  readonly outPoint: OutPoint
  /** Absent when it was spent. */
  coin: Coin | undefined
  /** The base has no coin here, so that spending leaves no trace. */
  readonly fresh: boolean
}

/** Whether the base is as it is here: the coin came and went. */
function isNoChange({ coin, fresh }: Change): boolean {
  return fresh && coin === undefined
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
  private readonly changed: OutPointMap<Change>

  /** @param seed a secret of the process, where others choose the outpoints. */
  constructor(base: CoinsView, seed = 0) {
    this.base = base
    this.changed = new OutPointMap(seed)
  }

  /** How many outpoints have been changed, some of them perhaps back again. */
  get size(): number {
    return this.changed.size
  }

  /** What there is without the changes. */
  get below(): CoinsView {
    return this.base
  }

  get(outPoint: OutPoint): Coin | undefined {
    const change = this.changed.get(outPoint)
    return change === undefined ? this.base.get(outPoint) : change.coin
  }

  /** @param mayOverwrite the base may have an unspent coin here, as before BIP 30 and when a block is undone. */
  add(outPoint: OutPoint, coin: Coin, mayOverwrite = false): void {
    const before = this.changed.get(outPoint)
    if (before === undefined) this.changed.add(outPoint, { outPoint, coin, fresh: !mayOverwrite })
    else before.coin = coin
  }

  /** Takes the coin away and returns it; undefined when there is none. */
  spend(outPoint: OutPoint): Coin | undefined {
    const change = this.changed.get(outPoint)
    if (change !== undefined) {
      const { coin } = change
      change.coin = undefined
      return coin
    }
    const coin = this.base.get(outPoint)
    if (coin !== undefined) this.changed.add(outPoint, { outPoint, coin: undefined, fresh: false })
    return coin
  }

  /**
   * Adds the transaction's outputs, but for those that nobody can ever spend.
   * @param mayOverwrite there may be such outputs already, as two coinbases of mainnet have the same id.
   */
  addOutputs(transaction: Transaction, height: number, mayOverwrite = transaction.isCoinbase): void {
    const coinbase = transaction.isCoinbase
    const { txid, outputs } = transaction
    for (let index = 0; index < outputs.length; index++) {
      const output = outputs[index]!
      if (!isUnspendable(output.scriptPubKey))
        this.add({ txid, index }, { output, height, coinbase }, mayOverwrite)
    }
  }

  /** Every outpoint that differs from the base: its coin, or undefined where it was spent. */
  *changes(): IterableIterator<[OutPoint, Coin | undefined]> {
    for (const change of this.changed.values()) if (!isNoChange(change)) yield [change.outPoint, change.coin]
  }

  /** Makes all changes in the base, which is given again because it can be changed, and forgets them here. */
  flushInto(target: CoinsTarget): void {
    for (const change of this.changed.values()) {
      const { outPoint, coin, fresh } = change
      if (coin !== undefined) target.add(outPoint, coin, !fresh)
      else if (!isNoChange(change)) target.spend(outPoint)
    }
    this.changed.clear()
  }

  /** Forgets all changes. */
  clear(): void {
    this.changed.clear()
  }
}
