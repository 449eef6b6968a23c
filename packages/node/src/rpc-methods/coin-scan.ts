import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CoinSnapshot } from '@onehop/chain'
import {
  ancestorAt,
  blockHashToHex,
  type ChainParameters,
  type Coin,
  descriptorScripts,
  inferDescriptor,
  type OutPoint,
  txIdToHex,
} from '@onehop/ledger'
import { bytesKey, bytesToHex } from '@onehop/primitives'
import { BitcoinAmount, RPC_CODE, RpcError } from '@onehop/rpc'

/** Coins between two turns of others: a store in memory never waits. */
const COINS_PER_TURN = 1024
/** Bytes of a transaction id that tell how far a scan has come. */
const PROGRESS_RANGE = 0x1_0000

/** The scripts that scan objects stand for. @throws {RpcError} as Core for one that is none. */
export function scriptsToFind(objects: readonly unknown[], parameters: ChainParameters): Set<string> {
  const scripts = new Set<string>()
  for (const object of objects) {
    const found = descriptorScripts(descriptorOf(object), parameters)
    if (!found.ok) throw new RpcError(RPC_CODE.invalidAddressOrKey, found.detail ?? found.code)
    for (const script of found.value) scripts.add(bytesKey(script))
  }
  return scripts
}

function descriptorOf(object: unknown): string {
  if (typeof object === 'string') return object
  if (typeof object !== 'object' || object === null)
    throw new RpcError(RPC_CODE.invalidParameter, 'Scan object needs to be either a string or an object')
  const { desc } = object as { desc?: unknown }
  if (typeof desc === 'string') return desc
  throw new RpcError(RPC_CODE.invalidParameter, 'Descriptor needs to be provided in scan object')
}

/** One pass over all coins in search of scripts. */
export class CoinScan {
  private readonly scripts: ReadonlySet<string>
  private readonly parameters: ChainParameters
  private readonly found: (readonly [OutPoint, Coin])[] = []
  private scanned = 0
  private percent = 0
  private aborted = false

  constructor(scripts: ReadonlySet<string>, parameters: ChainParameters) {
    this.scripts = scripts
    this.parameters = parameters
  }

  /** How far it has come, in whole percent. */
  get progress(): number {
    return this.percent
  }

  /** Ends it soon, without success. */
  abort(): void {
    this.aborted = true
  }

  /** Goes over the coins. @returns what `scantxoutset` answers. */
  async run(snapshot: CoinSnapshot) {
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
    const { found, scanned, aborted, parameters } = this
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
