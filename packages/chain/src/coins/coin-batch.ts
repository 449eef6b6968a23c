import { type Coin, type OutPoint, writeCoin } from '@onehop/ledger'
import { ByteWriter } from '@onehop/primitives'
import type { KeyValueChange } from '../storage/port.ts'
import { COIN_KEY_BYTES, writeCoinKey } from '../store-format.ts'

/**
 * Coins on their way to the key-value store, in one stretch of memory: an array of its own for each key and value would
 * cost more than writing them.
 */
export class CoinBatch {
  private readonly writer = new ByteWriter()
  /** Where each change ends. */
  private readonly ends: number[] = []

  get lengthBytes(): number {
    return this.writer.length
  }

  /** @param coin absent where it is spent. */
  add(outPoint: OutPoint, coin: Coin | undefined): void {
    writeCoinKey(this.writer, outPoint)
    if (coin !== undefined) writeCoin(this.writer, coin)
    this.ends.push(this.writer.length)
  }

  /** What to write. */
  changes(): KeyValueChange[] {
    const { buffer } = this.writer.toBytes()
    let start = 0
    return this.ends.map(end => {
      const key = new Uint8Array(buffer, start, COIN_KEY_BYTES)
      const valueBytes = end - start - COIN_KEY_BYTES
      const value = valueBytes === 0 ? undefined : new Uint8Array(buffer, start + COIN_KEY_BYTES, valueBytes)
      start = end
      return { key, value }
    })
  }
}
