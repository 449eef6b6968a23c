import { MAX_STANDARD_TRANSACTION_WEIGHT } from '@onehop/ledger'
import { compactSizeLength } from '@onehop/primitives'
import { P2WPKH_DUST_SATS } from './limits.ts'

/** What selection needs to know of a coin. */
export interface SelectableCoin {
  /** Satoshis. */
  readonly value: bigint
  /** Weight units that spending it adds: outpoint, scriptSig, sequence and witness. */
  readonly inputWeight: number
  /** Coins of confirmed transactions go first. */
  readonly confirmed: boolean
}

/** The coins to spend, and what becomes of their value beyond the payments. */
export interface Selection<C> {
  readonly coins: readonly C[]
  readonly fee: bigint
  /** Satoshis of the change output; 0 for none. */
  readonly change: bigint
}

/** What the chosen coins have to pay for. */
export interface SelectionRequest {
  /** Satoshis of all payments together. */
  readonly amount: bigint
  /** Bytes of all payment outputs together, and how many they are. */
  readonly outputBytes: number
  readonly outputCount: number
  /** Bytes of the change output, were there one. */
  readonly changeBytes: number
  /** Satoshis per virtual byte. */
  readonly feeRate: number
}

/** Bytes of a P2WPKH output: value, script length, script of 22 bytes. */
export const P2WPKH_OUTPUT_BYTES = 31

/** 4 × (36 outpoint + 1 empty scriptSig + 4 sequence) + 1 count + 73 signature + 34 key, at most. */
export const P2WPKH_INPUT_WEIGHT = 4 * 41 + 1 + 73 + 34

/** 4 × (36 outpoint + 1 length + 73 signature + 34 key + 4 sequence) + 1 empty witness, at most. */
export const P2PKH_INPUT_WEIGHT = 4 * (41 + 73 + 34) + 1

const VERSION_AND_LOCK_TIME_BYTES = 8
const SEGWIT_MARKER_WEIGHT = 2
const WITNESS_SCALE = 4

function weightOf(
  inputWeights: number,
  inputCount: number,
  outputBytes: number,
  outputCount: number,
): number {
  const counts = compactSizeLength(inputCount) + compactSizeLength(outputCount)
  const base = WITNESS_SCALE * (VERSION_AND_LOCK_TIME_BYTES + counts + outputBytes)
  return base + SEGWIT_MARKER_WEIGHT + inputWeights
}

function feeOf(weight: number, feeRate: number): bigint {
  return BigInt(Math.ceil(Math.ceil(weight / WITNESS_SCALE) * feeRate))
}

/** Fee and change for exactly these coins, or undefined when they do not suffice or weigh too much. */
function settle<C extends SelectableCoin>(
  coins: readonly C[],
  request: SelectionRequest,
): Selection<C> | undefined {
  let value = 0n
  let inputWeights = 0
  for (const coin of coins) {
    value += coin.value
    inputWeights += coin.inputWeight
  }
  const { amount, outputBytes, outputCount, changeBytes, feeRate } = request
  const weight = weightOf(inputWeights, coins.length, outputBytes, outputCount)
  const weightWithChange = weightOf(inputWeights, coins.length, outputBytes + changeBytes, outputCount + 1)
  if (weightWithChange > MAX_STANDARD_TRANSACTION_WEIGHT || value < amount + feeOf(weight, feeRate))
    return undefined
  const fee = feeOf(weightWithChange, feeRate)
  const change = value - amount - fee
  if (change >= P2WPKH_DUST_SATS) return { coins, fee, change }
  return { coins, fee: value - amount, change: 0n }
}

/** The smallest coin that suffices alone; else the largest coins, as few as suffice. */
function selectAmong<C extends SelectableCoin>(
  ascending: readonly C[],
  request: SelectionRequest,
): Selection<C> | undefined {
  for (const coin of ascending) {
    if (coin.value < request.amount) continue
    const alone = settle([coin], request)
    if (alone !== undefined) return alone
  }
  return selectLargest(ascending, request)
}

function selectLargest<C extends SelectableCoin>(
  ascending: readonly C[],
  request: SelectionRequest,
): Selection<C> | undefined {
  const chosen: C[] = []
  let value = 0n
  let inputWeights = 0
  for (const coin of ascending.toReversed()) {
    chosen.push(coin)
    value += coin.value
    inputWeights += coin.inputWeight
    if (inputWeights > MAX_STANDARD_TRANSACTION_WEIGHT) return undefined
    if (value < request.amount) continue
    const selection = settle(chosen, request)
    if (selection !== undefined) return selection
  }
  return undefined
}

function compareValues(a: SelectableCoin, b: SelectableCoin): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
}

/**
 * Chooses coins for a payment: confirmed ones if they suffice, else unconfirmed ones too. Few inputs rather than
 * little change; no change below the dust limit, which goes to the fee instead.
 * @returns undefined when all coins together do not suffice.
 */
export function selectCoins<C extends SelectableCoin>(
  coins: readonly C[],
  request: SelectionRequest,
): Selection<C> | undefined {
  const ascending = coins.toSorted(compareValues)
  const confirmed = ascending.filter(coin => coin.confirmed)
  return selectAmong(confirmed, request) ?? selectAmong(ascending, request)
}
