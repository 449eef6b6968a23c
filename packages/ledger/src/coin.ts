import { ByteReader, ByteWriter } from '@onehop/primitives'
import { type OutPoint, outPointKey, type TxOutput, writeOutput } from './transaction.ts'

/** An output that is not spent, and where it was made. */
export interface Coin {
  readonly output: TxOutput
  readonly height: number
  /** Made by a coinbase: not to be spent for 100 blocks. */
  readonly coinbase: boolean
}

/** A CompactSize of `2 × height + coinbase`, then the output as in a transaction. */
export function serializeCoin(coin: Coin): Uint8Array {
  const writer = new ByteWriter(64)
  writeCoin(writer, coin)
  return writer.toBytes()
}

export function writeCoin(writer: ByteWriter, { output, height, coinbase }: Coin): void {
  writer.writeCompactSize(height * 2 + (coinbase ? 1 : 0))
  writeOutput(writer, output)
}

/** @throws {DecodeError} */
export function readCoin(reader: ByteReader): Coin {
  const code = reader.readCompactSize()
  return {
    height: Math.floor(code / 2),
    coinbase: code % 2 === 1,
    output: { value: reader.readInt64(), scriptPubKey: reader.readVarBytes() },
  }
}

/** @throws {DecodeError} */
export function parseCoin(bytes: Uint8Array): Coin {
  const reader = new ByteReader(bytes)
  const coin = readCoin(reader)
  reader.expectEnd()
  return coin
}

/** Where coins are looked up. */
export interface CoinsView {
  get(outpoint: OutPoint): Coin | undefined
}

interface Change {
  readonly outpoint: OutPoint
  /** Undefined: spent. */
  readonly coin: Coin | undefined
}

/** A view over another one that remembers what was added and spent, and leaves the other as it is. */
export class CoinsCache implements CoinsView {
  private readonly base: CoinsView
  private readonly changed = new Map<string, Change>()

  constructor(base: CoinsView) {
    this.base = base
  }

  get(outpoint: OutPoint): Coin | undefined {
    const change = this.changed.get(outPointKey(outpoint))
    return change === undefined ? this.base.get(outpoint) : change.coin
  }

  add(outpoint: OutPoint, coin: Coin): void {
    this.changed.set(outPointKey(outpoint), { outpoint, coin })
  }

  /** Takes the coin out. @returns it, or undefined when there was none. */
  spend(outpoint: OutPoint): Coin | undefined {
    const coin = this.get(outpoint)
    if (coin !== undefined) this.changed.set(outPointKey(outpoint), { outpoint, coin: undefined })
    return coin
  }

  /** Everything that differs from the base, each outpoint once; undefined is a coin that is spent. */
  *changes(): Generator<readonly [OutPoint, Coin | undefined]> {
    for (const { outpoint, coin } of this.changed.values()) yield [outpoint, coin]
  }
}
