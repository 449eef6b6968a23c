import {
  type Block,
  type BlockUndo,
  blockHashToHex,
  blockSubsidy,
  type ChainParameters,
  type HeaderNode,
  isUnspendable,
  medianTimePast,
  serializeOutput,
  type Transaction,
  type TxOutput,
  WITNESS_SCALE_FACTOR,
} from '@onehop/ledger'

/** Bytes of a coin beside its output, as Core counts them: outpoint, height, coinbase flag. */
const COIN_OVERHEAD_BYTES = 32 + 4 + 4 + 1
const SCALE = BigInt(WITNESS_SCALE_FACTOR)
/** Shares of the block's weight, in hundredths, at which fee rates are told. */
const PERCENTILES = [10, 25, 50, 75, 90] as const

/** One transaction's part in the statistics. */
interface Spend {
  readonly fee: bigint
  /** Satoshis per virtual byte, rounded down. */
  readonly feeRate: bigint
  readonly size: number
  readonly weight: number
}

function sizeAsCoin(output: TxOutput): number {
  return serializeOutput(output).length + COIN_OVERHEAD_BYTES
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}

function sumSats<T>(items: readonly T[], of: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + of(item), 0n)
}

function compare(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Core's truncated median; zero of nothing. */
function median(values: readonly bigint[]): bigint {
  const sorted = values.toSorted(compare)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0n
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0n) + upper) / 2n
}

/** Lowest and highest; zeros of nothing. */
function bounds(values: readonly bigint[]): readonly [bigint, bigint] {
  const sorted = values.toSorted(compare)
  return [sorted[0] ?? 0n, sorted.at(-1) ?? 0n]
}

/** Fee rates at shares of the weight, cheapest transactions first. */
function feeRatePercentiles(spends: readonly Spend[], totalWeight: number): bigint[] {
  const sorted = spends.toSorted((a, b) => compare(a.feeRate, b.feeRate) || a.weight - b.weight)
  return PERCENTILES.map(percentile => {
    let weight = 0
    const reached = sorted.find(spend => {
      weight += spend.weight
      return weight >= (totalWeight * percentile) / 100
    })
    return (reached ?? sorted.at(-1))?.feeRate ?? 0n
  })
}

function spendOf(transaction: Transaction, spent: BlockUndo['spent'][number]): Spend {
  const { totalSize: size, weight, outputs } = transaction
  const fee = sumSats(spent, ({ output }) => output.value) - sumSats(outputs, ({ value }) => value)
  return { fee, feeRate: (fee * SCALE) / BigInt(weight), size, weight }
}

/** What `getblockstats` tells of a block; amounts in satoshis. */
export function blockStatistics(
  node: HeaderNode,
  block: Block,
  undo: BlockUndo,
  parameters: ChainParameters,
): Readonly<Record<string, unknown>> {
  const others = block.transactions.slice(1)
  const spends = others.map((transaction, i) => spendOf(transaction, undo.spent[i] ?? []))
  const allOutputs = block.transactions.flatMap(({ outputs }) => outputs)
  // The first block's coinbase can never be spent, and is no coin.
  const coins = node.height === 0 ? [] : allOutputs.filter(({ scriptPubKey }) => !isUnspendable(scriptPubKey))
  const spentCoins = undo.spent.flat()
  const spentSize = sum(spentCoins, ({ output }) => sizeAsCoin(output))
  const inputs = sum(others, ({ inputs }) => inputs.length)
  const segwit = others.filter(({ hasWitness }) => hasWitness)
  const totalFee = sumSats(spends, ({ fee }) => fee)
  const totalSize = sum(spends, ({ size }) => size)
  const totalWeight = sum(spends, ({ weight }) => weight)
  const count = BigInt(others.length)
  const [minFee, maxFee] = bounds(spends.map(({ fee }) => fee))
  const [minFeeRate, maxFeeRate] = bounds(spends.map(({ feeRate }) => feeRate))
  const [minSize, maxSize] = bounds(spends.map(({ size }) => BigInt(size)))
  return {
    avgfee: count === 0n ? 0n : totalFee / count,
    avgfeerate: totalWeight === 0 ? 0n : (totalFee * SCALE) / BigInt(totalWeight),
    avgtxsize: count === 0n ? 0n : BigInt(totalSize) / count,
    blockhash: blockHashToHex(node.hash),
    feerate_percentiles: feeRatePercentiles(spends, totalWeight),
    height: node.height,
    ins: inputs,
    maxfee: maxFee,
    maxfeerate: maxFeeRate,
    maxtxsize: maxSize,
    medianfee: median(spends.map(({ fee }) => fee)),
    mediantime: medianTimePast(node),
    mediantxsize: median(spends.map(({ size }) => BigInt(size))),
    minfee: minFee,
    minfeerate: minFeeRate,
    mintxsize: minSize,
    outs: allOutputs.length,
    subsidy: blockSubsidy(node.height, parameters),
    swtotal_size: sum(segwit, ({ totalSize }) => totalSize),
    swtotal_weight: sum(segwit, ({ weight }) => weight),
    swtxs: segwit.length,
    time: node.header.time,
    total_out: sumSats(others, ({ outputs }) => sumSats(outputs, ({ value }) => value)),
    total_size: totalSize,
    total_weight: totalWeight,
    totalfee: totalFee,
    txs: block.transactions.length,
    utxo_increase: allOutputs.length - inputs,
    utxo_size_inc: sum(allOutputs, sizeAsCoin) - spentSize,
    utxo_increase_actual: coins.length - inputs,
    utxo_size_inc_actual: sum(coins, sizeAsCoin) - spentSize,
  }
}
