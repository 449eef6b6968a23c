import { type Coin, type OutPoint, writeCoin } from '@onehop/ledger'
import { ByteWriter } from '@onehop/primitives'
import type { KeyValueChange } from '../storage/port.ts'

/** Coins on their way to the key-value store, one at a time, so that they leave next to nothing to be collected. */
export class DirtyCoins {
  /** Whether all have been handed out. */
  done = false
  private readonly coins: Iterator<readonly [OutPoint, Coin | undefined]>
  private readonly keyOf: (outPoint: OutPoint) => Uint8Array
  private readonly writer = new ByteWriter()

  /** @param keyOf may use its memory again for the next key. */
  constructor(
    coins: Iterator<readonly [OutPoint, Coin | undefined]>,
    keyOf: (outPoint: OutPoint) => Uint8Array,
  ) {
    this.coins = coins
    this.keyOf = keyOf
  }

  /** The next coins, some `batchBytes` of them; the last batch ends with `last`. */
  *batch(
    first: readonly KeyValueChange[],
    batchBytes: number,
    last: readonly KeyValueChange[],
  ): Generator<KeyValueChange> {
    yield* first
    for (let bytes = 0; bytes < batchBytes; ) {
      const next = this.coins.next()
      if (next.done) {
        this.done = true
        yield* last
        return
      }
      const change = this.changeOf(next.value)
      bytes += change.key.length + (change.value?.length ?? 0)
      yield change
    }
  }

  private changeOf([outPoint, coin]: readonly [OutPoint, Coin | undefined]): KeyValueChange {
    const key = this.keyOf(outPoint)
    if (coin === undefined) return { key, value: undefined }
    writeCoin(this.writer.reset(), coin)
    return { key, value: this.writer.view() }
  }
}
