import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OutPoint } from '@onehop/ledger'
import {
  type Coin,
  CoinCounter,
  type CoinHashType,
  type CoinStatistics,
  type HeaderNode,
} from '@onehop/ledger'

/** Coins counted before others get their turn: a store in memory never waits. */
const COINS_PER_TURN = 1024

/** All coins as they were at a block, whatever happens to the chain while they are read. */
export interface CoinSnapshot {
  readonly tip: HeaderNode
  /** In the order of transaction id and index; can be gone through once. */
  readonly coins: AsyncIterable<readonly [OutPoint, Coin]>
}

/** What `gettxoutsetinfo` tells, with the block that it is true of. */
export interface CoinSetStatistics extends CoinStatistics {
  readonly tip: HeaderNode
  /** Bytes that the coins take on the disk, roughly: what is in memory only is not among them. */
  readonly diskBytes: number
}

/** Begins to read, so that what the items are read from is fixed now and not at the first use. */
export async function begin<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = items[Symbol.asyncIterator]()
  const first = await iterator.next()
  return continueAfter(first, iterator)
}

async function* continueAfter<T>(first: IteratorResult<T>, iterator: AsyncIterator<T>): AsyncIterable<T> {
  try {
    for (let next = first; !next.done; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.()
  }
}

/** Adds up coins. */
export async function countCoins(
  coins: CoinSnapshot['coins'],
  hashType: CoinHashType,
): Promise<CoinStatistics> {
  const counter = new CoinCounter(hashType)
  let counted = 0
  for await (const [outPoint, coin] of coins) {
    counter.add(outPoint, coin)
    counted += 1
    if (counted % COINS_PER_TURN === 0) await nextTurn()
  }
  return counter.finish()
}
