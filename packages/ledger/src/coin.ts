import { type ByteReader, ByteWriter, DecodeError, readAll } from '@onehop/primitives'
import { readAmount, writeAmount } from './compressed-amount.ts'
import { readCompressedScript, writeCompressedScript } from './compressed-script.ts'
import type { OutPoint, TxOutput } from './transaction.ts'
import { readVarint, writeVarint } from './varint.ts'

/** An output that is not spent yet, with what its spending depends on. */
export interface Coin {
  readonly output: TxOutput
  /** Height of the block that created it. */
  readonly height: number
  /** Whether a coinbase created it, so that it has to mature. */
  readonly coinbase: boolean
}

/** What coins there are. */
export interface CoinsView {
  get(outPoint: OutPoint): Coin | undefined
}

/** Appends a coin in Bitcoin Core's compressed form: height and coinbase flag, amount, script. */
export function writeCoin(writer: ByteWriter, coin: Coin): void {
  writeVarint(writer, coin.height * 2 + (coin.coinbase ? 1 : 0))
  writeAmount(writer, coin.output.value)
  writeCompressedScript(writer, coin.output.scriptPubKey)
}

/** Reads a coin that {@link writeCoin} wrote. @throws {DecodeError} */
export function readCoin(reader: ByteReader): Coin {
  const code = readVarint(reader)
  if (code > 0xffff_ffff) throw new DecodeError('a coin from an impossible height')
  const value = readAmount(reader)
  const scriptPubKey = readCompressedScript(reader)
  return { output: { value, scriptPubKey }, height: code >>> 1, coinbase: (code & 1) === 1 }
}

/** A coin as the store holds it, typically 25 to 40 bytes. */
export function serializeCoin(coin: Coin): Uint8Array {
  const writer = new ByteWriter(64)
  writeCoin(writer, coin)
  return writer.toBytes()
}

/** @throws {DecodeError} */
export function parseCoin(bytes: Uint8Array): Coin {
  return readAll(bytes, readCoin)
}
