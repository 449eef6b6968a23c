import type { Coin, CoinsView } from './coin.ts'
import { OutPointMap } from './outpoint-map.ts'
import { isUnspendable } from './script/script-patterns.ts'
import type { OutPoint, Transaction } from './transaction.ts'

interface Entry {
  readonly outPoint: OutPoint
  /** Absent when it was spent. */
  coin: Coin | undefined
  /** The base has no coin here, so that spending leaves no trace. */
  readonly fresh: boolean
  /** Added or spent, and not only looked up in the base. */
  touched: boolean
}

/** Whether the base differs from what is here: not where a coin was only read, nor where it came and went. */
function isChange({ coin, fresh, touched }: Entry): boolean {
  return touched && !(fresh && coin === undefined)
}

/** What coins are added to and spent from. */
export interface CoinsTarget {
  /** @param mayOverwrite there may be an unspent coin here. */
  add(outPoint: OutPoint, coin: Coin, mayOverwrite: boolean): void
  /** Takes a coin away, where there is one. */
  spend(outPoint: OutPoint): void
}

/**
 * Coins added and spent on top of a base that stays as it is until somebody applies {@link CoinsCache.changes}. The base
 * is asked only once for a coin that it has.
 */
export class CoinsCache implements CoinsView, CoinsTarget {
  private readonly base: CoinsView
  private readonly entries: OutPointMap<Entry>

  /** @param seed a secret of the process, where others choose the outpoints. */
  constructor(base: CoinsView, seed = 0) {
    this.base = base
    this.entries = new OutPointMap(seed)
  }

  /** How many outpoints are in memory here. */
  get size(): number {
    return this.entries.size
  }

  /** What there is without the changes. */
  get below(): CoinsView {
    return this.base
  }

  get(outPoint: OutPoint): Coin | undefined {
    return this.find(outPoint)?.coin
  }

  /** @param mayOverwrite the base may have an unspent coin here, as before BIP 30 and when a block is undone. */
  add(outPoint: OutPoint, coin: Coin, mayOverwrite = false): void {
    const before = this.entries.get(outPoint)
    if (before === undefined)
      this.entries.add(outPoint, { outPoint, coin, fresh: !mayOverwrite, touched: true })
    else {
      before.coin = coin
      before.touched = true
    }
  }

  /** Takes the coin away and returns it; undefined when there is none. */
  spend(outPoint: OutPoint): Coin | undefined {
    const entry = this.find(outPoint)
    if (entry?.coin === undefined) return undefined
    const { coin } = entry
    entry.coin = undefined
    entry.touched = true
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
    for (const entry of this.entries.values()) if (isChange(entry)) yield [entry.outPoint, entry.coin]
  }

  /** Makes all changes in the base, which is given again because it can be changed, and forgets them here. */
  flushInto(target: CoinsTarget): void {
    for (const entry of this.entries.values()) {
      if (!isChange(entry)) continue
      if (entry.coin === undefined) target.spend(entry.outPoint)
      else target.add(entry.outPoint, entry.coin, !entry.fresh)
    }
    this.entries.clear()
  }

  /** Forgets all changes. */
  clear(): void {
    this.entries.clear()
  }

  private find(outPoint: OutPoint): Entry | undefined {
    const known = this.entries.get(outPoint)
    if (known !== undefined) return known
    const coin = this.base.get(outPoint)
    if (coin === undefined) return undefined
    const entry = { outPoint, coin, fresh: false, touched: false }
    this.entries.add(outPoint, entry)
    return entry
  }
}
