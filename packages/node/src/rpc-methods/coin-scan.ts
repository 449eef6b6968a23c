import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CoinSnapshot } from '@onehop/chain'
import {
  ancestorAt,
  blockHashToHex,
  type Coin,
  inferDescriptor,
  type OutPoint,
  txIdToHex,
} from '@onehop/ledger'
import { bytesKey, bytesToHex } from '@onehop/primitives'
import { BitcoinAmount } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'
import type { Scan } from './scans.ts'

/** Coins between two turns of others: a store in memory never waits. */
const COINS_PER_TURN = 1024
/** Bytes of a transaction id that tell how far a scan has come. */
const PROGRESS_RANGE = 0x1_0000

/** One pass over all coins in search of scripts. */
export class CoinScan implements Scan {
  private readonly context: MethodContext
  private readonly scripts: ReadonlySet<string>
  private readonly found: (readonly [OutPoint, Coin])[] = []
  private scanned = 0
  private percent = 0
  private aborted = false

  /** @param scripts keys of their bytes. */
  constructor(context: MethodContext, scripts: ReadonlySet<string>) {
    this.context = context
    this.scripts = scripts
  }

  /** How far it has come, in whole percent. */
  get status() {
    return { progress: this.percent }
  }

  /** Ends it soon, without success. */
  abort(): void {
    this.aborted = true
  }

  /** Goes over the coins. @returns what `scantxoutset` answers. */
  async run() {
    const snapshot = await this.context.chain.snapshotCoins()
    for await (const [outPoint, coin] of snapshot.coins) {
      this.scanned += 1
      if (this.scripts.has(bytesKey(coin.output.scriptPubKey))) this.found.push([outPoint, coin])
      if (this.scanned % COINS_PER_TURN !== 0) continue
      const [high = 0, low = 0] = outPoint.txid
      this.percent = Math.round(((high * 256 + low) * 100) / PROGRESS_RANGE)
      await nextTurn()
      if (this.aborted) break
    }
    return this.answer(snapshot)
  }

  private answer({ tip }: CoinSnapshot) {
    const { found, scanned, aborted } = this
    const { parameters } = this.context
    return {
      success: !aborted,
      txouts: scanned,
      height: tip.height,
      bestblock: blockHashToHex(tip.hash),
      unspents: found.map(([{ txid, index }, { output, coinbase, height }]) => ({
        txid: txIdToHex(txid),
        vout: index,
        scriptPubKey: bytesToHex(output.scriptPubKey),
        desc: inferDescriptor(output.scriptPubKey, parameters),
        amount: new BitcoinAmount(output.value),
        coinbase,
        height,
        blockhash: blockHashToHex(ancestorAt(tip, height).hash),
        confirmations: tip.height - height + 1,
      })),
      total_amount: new BitcoinAmount(found.reduce((sum, [, { output }]) => sum + output.value, 0n)),
    }
  }
}
