import assert from 'node:assert/strict'
import {
  COIN,
  type Coin,
  MAX_MEMPOOL_CHAIN_TRANSACTIONS,
  MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE,
  type Mempool,
  type MempoolEntry,
  OP,
  type OutPoint,
  outPointKey,
  pushBytes,
  SEQUENCE_FINAL,
  scriptOf,
  Transaction,
} from '@onehop/ledger'
import { bytesKey } from '@onehop/primitives'
import {
  chainOf,
  MINER_KEY,
  pay,
  RegtestChain,
  type Spendable,
  scriptOfKey,
  spendable,
} from './regtest-chain.ts'

/** Anybody spends it without a signature: pay-to-anchor. */
export const ANYONE = scriptOf(OP[1], pushBytes(Uint8Array.of(0x4e, 0x73)))

export interface AnchorSpend {
  readonly from: readonly Spendable[]
  readonly fee: bigint
  /** Equal outputs that anybody can spend. */
  readonly outputs?: number
  readonly version?: number
  readonly lockTime?: number
  readonly sequence?: number
  /** Bytes of data in one more output. */
  readonly data?: number
}

/** Spends coins that anybody can spend. */
export function anchorSpend(spend: AnchorSpend): Transaction {
  const { from, fee, outputs = 1, version = 2, lockTime = 0, sequence = SEQUENCE_FINAL, data = 20 } = spend
  const total = from.reduce((sum, { coin }) => sum + coin.output.value, 0n) - fee
  const share = total / BigInt(outputs)
  return new Transaction({
    version,
    inputs: from.map(({ outPoint }) => ({
      previousOutput: outPoint,
      scriptSig: new Uint8Array(0),
      sequence,
      witness: [],
    })),
    outputs: [
      ...Array.from({ length: outputs }, (_, i) => ({
        value: i === 0 ? total - share * BigInt(outputs - 1) : share,
        scriptPubKey: ANYONE,
      })),
      { value: 0n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(new Uint8Array(data).fill(1))) },
    ],
    lockTime,
  })
}

export const FREE_COINS = 40

/** A chain with {@link FREE_COINS} coins that anybody can spend. To be copied, not changed. */
export function anchorChain(): RegtestChain {
  const chain = chainOf(101)
  const to = Array.from({ length: FREE_COINS }, () => ({ value: COIN, scriptPubKey: ANYONE }))
  const change = { value: 50n * COIN - BigInt(FREE_COINS) * COIN, scriptPubKey: scriptOfKey(MINER_KEY) }
  const result = chain.connect(chain.blockOf([pay({ from: [chain.coinbase(1)], to: [...to, change] })]))
  assert.ok(result.ok)
  return chain
}

/** The same chain with a mempool of its own. */
export function copyOf(chain: RegtestChain, mempoolLimit?: number): RegtestChain {
  const copy = new RegtestChain(mempoolLimit)
  const { tree, nowSeconds } = chain
  Object.assign(copy, { tree, nowSeconds, coins: new Map(chain.coins), blocks: [...chain.blocks] })
  return copy
}

/** Coins that anybody can spend: of the chain, and of the mempool, without those that the mempool spends. */
export function freeCoins(chain: RegtestChain): Spendable[] {
  const { mempool } = chain
  const confirmed = [...chain.coins.values()].filter(({ coin }) => isFree(coin))
  const waiting = [...mempool.entries()].flatMap(({ transaction }) =>
    transaction.outputs.map((_, index) => spendable(transaction, index)).filter(({ coin }) => isFree(coin)),
  )
  return [...confirmed, ...waiting].filter(({ outPoint }) => mempool.spenderOf(outPoint) === undefined)
}

/** The coin as the mempool would find it, spent by another or not. */
export function coinAt(chain: RegtestChain, outPoint: OutPoint): Spendable | undefined {
  const confirmed = chain.coins.get(outPointKey(outPoint))
  const parent = chain.mempool.get(outPoint.txid)
  return confirmed ?? (parent && spendable(parent, outPoint.index))
}

function isFree({ output }: Coin): boolean {
  return bytesKey(output.scriptPubKey) === bytesKey(ANYONE)
}

/** What must hold of a mempool at rest, worked out again from nothing but its transactions and the coins. */
export function checkInvariants(chain: RegtestChain): void {
  const { mempool } = chain
  const entries = [...mempool.entries()]
  const byTxid = new Map(entries.map(entry => [bytesKey(entry.transaction.txid), entry]))
  checkInputs(chain, entries, byTxid)
  const parents = new Map(entries.map(entry => [entry, parentsOf(entry, byTxid)]))
  const children = new Map(entries.map(entry => [entry, new Set<MempoolEntry>()]))
  for (const [entry, ofEntry] of parents) for (const parent of ofEntry) children.get(parent)!.add(entry)
  for (const entry of entries) {
    assert.deepEqual(new Set(entry.parents), parents.get(entry))
    assert.deepEqual(new Set(entry.children), children.get(entry))
    checkSums(entry, reach(entry, parents), reach(entry, children))
  }
  checkTotals(mempool, entries)
}

function checkInputs(
  chain: RegtestChain,
  entries: readonly MempoolEntry[],
  byTxid: ReadonlyMap<string, MempoolEntry>,
): void {
  const spent = new Set<string>()
  for (const { transaction, fee } of entries) {
    let valueIn = 0n
    for (const { previousOutput } of transaction.inputs) {
      const key = outPointKey(previousOutput)
      const parent = byTxid.get(bytesKey(previousOutput.txid))
      const output = parent?.transaction.outputs[previousOutput.index] ?? chain.coins.get(key)?.coin.output
      assert.ok(output, 'every input is available')
      assert.ok(!spent.has(key), 'no two spend the same coin')
      spent.add(key)
      valueIn += output.value
      assert.equal(chain.mempool.spenderOf(previousOutput), transaction)
    }
    const valueOut = transaction.outputs.reduce((sum, { value }) => sum + value, 0n)
    assert.equal(fee, valueIn - valueOut)
    assert.equal(chain.mempool.getByWtxid(transaction.wtxid), transaction)
  }
}

function parentsOf(
  { transaction }: MempoolEntry,
  byTxid: ReadonlyMap<string, MempoolEntry>,
): Set<MempoolEntry> {
  const found = transaction.inputs.map(({ previousOutput }) => byTxid.get(bytesKey(previousOutput.txid)))
  return new Set(found.filter(parent => parent !== undefined))
}

function reach(
  entry: MempoolEntry,
  neighbours: ReadonlyMap<MempoolEntry, ReadonlySet<MempoolEntry>>,
): MempoolEntry[] {
  const reached = new Set([entry])
  for (const each of reached) for (const next of neighbours.get(each)!) reached.add(next)
  return [...reached]
}

function checkSums(
  entry: MempoolEntry,
  ancestors: readonly MempoolEntry[],
  descendants: readonly MempoolEntry[],
): void {
  const sum = (entries: readonly MempoolEntry[], of: (entry: MempoolEntry) => number) =>
    entries.reduce((total, each) => total + of(each), 0)
  const fees = (entries: readonly MempoolEntry[]) =>
    entries.reduce((total, each) => total + each.fee + each.feeDelta, 0n)
  assert.deepEqual(
    {
      ancestorCount: entry.ancestorCount,
      ancestorSize: entry.ancestorSize,
      ancestorSigops: entry.ancestorSigopsCost,
      ancestorFees: entry.ancestorFees,
      descendantCount: entry.descendantCount,
      descendantSize: entry.descendantSize,
      descendantFees: entry.descendantFees,
    },
    {
      ancestorCount: ancestors.length,
      ancestorSize: sum(ancestors, each => each.virtualSize),
      ancestorSigops: sum(ancestors, each => each.sigopsCost),
      ancestorFees: fees(ancestors),
      descendantCount: descendants.length,
      descendantSize: sum(descendants, each => each.virtualSize),
      descendantFees: fees(descendants),
    },
  )
  assert.ok(ancestors.length <= MAX_MEMPOOL_CHAIN_TRANSACTIONS)
  assert.ok(entry.ancestorSize <= MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE)
}

function checkTotals(mempool: Mempool, entries: readonly MempoolEntry[]): void {
  assert.equal(mempool.size, entries.length)
  assert.equal(
    mempool.bytes,
    entries.reduce((total, each) => total + each.memoryBytes, 0),
  )
  assert.equal(
    mempool.virtualSize,
    entries.reduce((total, each) => total + each.virtualSize, 0),
  )
  assert.equal(
    mempool.totalFee,
    entries.reduce((total, each) => total + each.fee, 0n),
  )
  assert.ok(mempool.bytes <= mempool.limit)
}
