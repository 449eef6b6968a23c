import { ByteWriter, equalBytes, MuHash3072, Sha256dStream } from '@onehop/primitives'
import type { Sats } from './amount.ts'
import type { Coin } from './coin.ts'
import type { TxId } from './ids.ts'
import { type OutPoint, writeOutput } from './transaction.ts'

/** How a set of coins is hashed, named as by Bitcoin Core's `gettxoutsetinfo`. */
export type CoinHashType = 'hash_serialized_3' | 'muhash' | 'none'

/** What `gettxoutsetinfo` tells of a set of coins. */
export interface CoinStatistics {
  /** How many coins there are. */
  readonly coins: number
  /** How many transactions they are of. */
  readonly transactions: number
  /** Bytes; says how large the set is whatever the store, and nothing else. */
  readonly bogoSize: number
  readonly totalAmount: Sats
  /** 32 bytes in internal order; absent for `none`. */
  readonly hash: Uint8Array | undefined
}

/** Txid, index, height with coinbase flag, amount, and the script's length (`GetBogoSize`). */
const BOGO_SIZE_WITHOUT_SCRIPT = 32 + 4 + 4 + 8 + 2

interface SetHash {
  add(coin: Uint8Array): void
  digest(): Uint8Array | undefined
}

/** A coin as both hashes take it in (Bitcoin Core's `TxOutSer`): outpoint, height and coinbase flag, output. */
export function serializeCoinForHash({ txid, index }: OutPoint, coin: Coin): Uint8Array {
  const writer = new ByteWriter(96)
  writer.writeBytes(txid).writeUint32(index)
  writer.writeUint32(coin.height * 2 + (coin.coinbase ? 1 : 0))
  writeOutput(writer, coin.output)
  return writer.toBytes()
}

/** Adds up a set of coins, which come in the order of their transaction ids and indexes. */
export class CoinCounter {
  private readonly setHash: SetHash
  private lastTxid: TxId | undefined
  private coins = 0
  private transactions = 0
  private bogoSize = 0
  private totalAmount: Sats = 0n

  constructor(hashType: CoinHashType) {
    this.setHash = createSetHash(hashType)
  }

  add(outPoint: OutPoint, coin: Coin): void {
    this.coins += 1
    if (!this.lastTxid || !equalBytes(this.lastTxid, outPoint.txid)) this.transactions += 1
    this.lastTxid = outPoint.txid
    this.bogoSize += BOGO_SIZE_WITHOUT_SCRIPT + coin.output.scriptPubKey.length
    this.totalAmount += coin.output.value
    this.setHash.add(serializeCoinForHash(outPoint, coin))
  }

  /** What has been added up. Nothing can be added after it. */
  finish(): CoinStatistics {
    const { coins, transactions, bogoSize, totalAmount } = this
    return { coins, transactions, bogoSize, totalAmount, hash: this.setHash.digest() }
  }
}

function createSetHash(hashType: CoinHashType): SetHash {
  if (hashType === 'none') return { add: () => undefined, digest: () => undefined }
  if (hashType === 'muhash') {
    const muhash = new MuHash3072()
    return { add: coin => muhash.insert(coin), digest: () => muhash.digest() }
  }
  const stream = new Sha256dStream()
  return { add: coin => stream.write(coin), digest: () => stream.digest() }
}
