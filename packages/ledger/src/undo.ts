import { ByteWriter, readAll } from '@onehop/primitives'
import { type Coin, readCoin, writeCoin } from './coin.ts'

const LEAST_COIN_BYTES = 10

/** The coins that a block's transactions spent, all but the coinbase's, in the order of their inputs. */
export interface BlockUndo {
  readonly spent: readonly (readonly Coin[])[]
}

export function serializeUndo({ spent }: BlockUndo): Uint8Array {
  const writer = new ByteWriter()
  writer.writeCompactSize(spent.length)
  for (const coins of spent) {
    writer.writeCompactSize(coins.length)
    for (const coin of coins) writeCoin(writer, coin)
  }
  return writer.toBytes()
}

/** @throws {DecodeError} */
export function parseUndo(bytes: Uint8Array): BlockUndo {
  return readAll(bytes, reader => {
    const transactions = reader.readCount(1)
    const spent = Array.from({ length: transactions }, () => {
      const count = reader.readCount(LEAST_COIN_BYTES)
      return Array.from({ length: count }, () => readCoin(reader))
    })
    return { spent }
  })
}
