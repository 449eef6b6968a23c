import { type ByteReader, ByteWriter, readAll } from '@onehop/primitives'
import { type Coin, readCoin, writeCoin } from './coin.ts'

/** What it takes to disconnect a block. */
export interface BlockUndo {
  /** The coins that each transaction but the coinbase spent, in the order of transactions and inputs. */
  readonly spent: readonly (readonly Coin[])[]
}

/** Shortest form of a coin, in bytes. */
const MIN_COIN_LENGTH = 3

/** A count of transactions; for each a count of coins, and each coin as the store holds it. */
export function serializeUndo(undo: BlockUndo): Uint8Array {
  const writer = new ByteWriter()
  writer.writeCompactSize(undo.spent.length)
  for (const coins of undo.spent) {
    writer.writeCompactSize(coins.length)
    for (const coin of coins) writeCoin(writer, coin)
  }
  return writer.toBytes()
}

/** @throws {DecodeError} */
export function parseUndo(bytes: Uint8Array): BlockUndo {
  return readAll(bytes, reader => ({ spent: readMany(reader, 1, readSpentCoins) }))
}

function readSpentCoins(reader: ByteReader): Coin[] {
  return readMany(reader, MIN_COIN_LENGTH, readCoin)
}

function readMany<T>(reader: ByteReader, leastLength: number, read: (reader: ByteReader) => T): T[] {
  const items: T[] = []
  for (let count = reader.readCount(leastLength); count > 0; count--) items.push(read(reader))
  return items
}
