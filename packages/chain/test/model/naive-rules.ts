/**
 * Bitcoin's rules once more, as plainly as they can be written, for the blocks that the tests make: everything is
 * looked up by hex in Maps, nothing is cached, and nothing is taken from the rules of `ledger`.
 */
import { createHash } from 'node:crypto'
import {
  type Block,
  serializeHeader,
  serializeTransaction,
  type Transaction,
  type TxInput,
} from '@onehop/ledger'

/** An unspent output. */
export interface ModelCoin {
  readonly value: bigint
  /** Hex. */
  readonly script: string
  readonly height: number
  readonly coinbase: boolean
}

/** Coins by `txid:index`, the id in the order in which it is hashed. */
export type ModelCoins = Map<string, ModelCoin>

/** What the rules must know of the blocks before. */
export interface ModelParent {
  readonly height: number
  /** Times of the block and its ancestors, the latest first; eleven suffice. */
  readonly times: readonly number[]
  /** Median time past of the block at this height on the way here. */
  readonly medianTimeAt: (height: number) => number
}

const MATURITY = 100
const MAX_MONEY = 2_100_000_000_000_000n
const HALVING = 150
const LOCKTIME_THRESHOLD = 500_000_000
const FINAL = 0xffff_ffff
const NO_COINBASE_INDEX = 0xffff_ffff
const COMMITMENT_PREFIX = '6a24aa21a9ed'
const REGTEST_BITS = 0x207f_ffff

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function doubleSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const once = createHash('sha256')
  for (const part of parts) once.update(part)
  return createHash('sha256').update(once.digest()).digest()
}

export function txidOf(transaction: Transaction): Uint8Array {
  return doubleSha256(serializeTransaction(transaction, { witness: false }))
}

function wtxidOf(transaction: Transaction): Uint8Array {
  return doubleSha256(serializeTransaction(transaction))
}

export function keyOf(txid: Uint8Array, index: number): string {
  return `${hexOf(txid)}:${index}`
}

export function spentKey({ previousOutput }: TxInput): string {
  return keyOf(previousOutput.txid, previousOutput.index)
}

function merkleRootOf(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length <= 1) return hashes[0] ?? new Uint8Array(32)
  const parents: Uint8Array[] = []
  for (let i = 0; i < hashes.length; i += 2)
    parents.push(doubleSha256(hashes[i]!, hashes[i + 1] ?? hashes[i]!))
  return merkleRootOf(parents)
}

function isCoinbase({ inputs }: Transaction): boolean {
  return (
    inputs.length === 1 &&
    inputs[0]!.previousOutput.index === NO_COINBASE_INDEX &&
    inputs[0]!.previousOutput.txid.every(byte => byte === 0)
  )
}

/** Whether the header alone, and among its ancestors, keeps the rules. */
export function isHeaderGood({ header }: Block, parent: ModelParent, nowSeconds: number): boolean {
  const hash = hexOf(doubleSha256(serializeHeader(header)).toReversed())
  // 0x207fffff stands for 7fffff00…00.
  const target = `7fffff${'00'.repeat(29)}`
  return (
    header.bits === REGTEST_BITS &&
    hash <= target &&
    header.time > medianOf(parent.times) &&
    header.time <= nowSeconds + 2 * 60 * 60 &&
    header.version >= 4
  )
}

export function medianOf(latestFirst: readonly number[]): number {
  const times = latestFirst.slice(0, 11).sort((a, b) => a - b)
  return times[times.length >> 1]!
}

/** Whether these are the transactions that the header commits to; if not, others may be. */
export function areTransactionsCommitted({ header, transactions }: Block): boolean {
  const ids = transactions.map(txidOf)
  if (hexOf(merkleRootOf(ids)) !== hexOf(header.merkleRoot)) return false
  // CVE-2012-2459: repeated transactions may give the same root.
  return new Set(ids.map(hexOf)).size === ids.length
}

/** Whether these are the witnesses that the coinbase commits to; if not, others may be. */
export function areWitnessesCommitted({ transactions }: Block): boolean {
  const coinbase = transactions[0]!
  const commitments = coinbase.outputs.map(({ scriptPubKey }) => hexOf(scriptPubKey)).filter(isCommitment)
  const commitment = commitments.at(-1)
  const witness = coinbase.inputs[0]?.witness ?? []
  if (commitment === undefined)
    return transactions.every(({ inputs }) => inputs.every(input => input.witness.length === 0))
  if (witness.length !== 1 || witness[0]!.length !== 32) return false
  const ids = transactions.map((transaction, i) => (i === 0 ? new Uint8Array(32) : wtxidOf(transaction)))
  const root = doubleSha256(merkleRootOf(ids), witness[0]!)
  return commitment.slice(COMMITMENT_PREFIX.length, COMMITMENT_PREFIX.length + 64) === hexOf(root)
}

function isCommitment(script: string): boolean {
  return script.startsWith(COMMITMENT_PREFIX) && script.length >= COMMITMENT_PREFIX.length + 64
}

/** Whether the body keeps the rules that need no coins. */
export function isBodyGood({ transactions }: Block, parent: ModelParent): boolean {
  const [coinbase, ...others] = transactions
  const height = parent.height + 1
  if (coinbase === undefined || !isCoinbase(coinbase) || others.some(isCoinbase)) return false
  if (!hexOf(coinbase.inputs[0]!.scriptSig).startsWith(heightPush(height))) return false
  const length = coinbase.inputs[0]!.scriptSig.length
  if (length < 2 || length > 100) return false
  return transactions.every(one => isTransactionGood(one) && isFinal(one, height, medianOf(parent.times)))
}

/** What a coinbase's script begins with (BIP 34), for heights from 17 to 8,388,607. */
function heightPush(height: number): string {
  if (height <= 16) return (0x50 + height).toString(16)
  const bytes: number[] = []
  for (let rest = height; rest > 0; rest >>= 8) bytes.push(rest & 0xff)
  if (bytes.at(-1)! & 0x80) bytes.push(0)
  return hexOf(Uint8Array.of(bytes.length, ...bytes))
}

function isTransactionGood(transaction: Transaction): boolean {
  const { inputs, outputs } = transaction
  if (inputs.length === 0 || outputs.length === 0) return false
  if (outputs.some(({ value }) => value < 0n || value > MAX_MONEY)) return false
  if (outputs.reduce((sum, { value }) => sum + value, 0n) > MAX_MONEY) return false
  return new Set(inputs.map(spentKey)).size === inputs.length
}

function isFinal({ lockTime, inputs }: Transaction, height: number, medianTime: number): boolean {
  if (lockTime === 0) return true
  if (lockTime < (lockTime < LOCKTIME_THRESHOLD ? height : medianTime)) return true
  return inputs.every(({ sequence }) => sequence === FINAL)
}

/** BIP 68: whether every input's coin is old enough. */
function areLocksOver(transaction: Transaction, spent: readonly ModelCoin[], parent: ModelParent): boolean {
  if (transaction.version >>> 0 < 2) return true
  return transaction.inputs.every(({ sequence }, i) => {
    if (sequence & 0x8000_0000) return true
    const coin = spent[i]!
    const units = sequence & 0xffff
    if ((sequence & 0x40_0000) === 0) return parent.height + 1 >= coin.height + units
    const since = parent.medianTimeAt(Math.max(0, coin.height - 1))
    return medianOf(parent.times) >= since + units * 512
  })
}

/** Says whether an input may spend the coin; undefined when the model does not know its script. */
export type SpendCheck = (
  transaction: Transaction,
  inputIndex: number,
  coins: readonly ModelCoin[],
) => boolean | undefined

/** P2WSH of a script that is just OP_TRUE: anyone can spend it by showing that script. */
export const ANYONE_SCRIPT = `0020${createHash('sha256').update(Uint8Array.of(0x51)).digest('hex')}`

export const checkAnyoneSpend: SpendCheck = (transaction, inputIndex, coins) => {
  if (coins[inputIndex]!.script !== ANYONE_SCRIPT) return undefined
  const { scriptSig, witness } = transaction.inputs[inputIndex]!
  return scriptSig.length === 0 && witness.length === 1 && hexOf(witness[0]!) === '51'
}

/**
 * The coins after the block, or undefined when it breaks a rule.
 * @param before coins at the parent; stays as it is.
 */
export function coinsAfter(
  { transactions }: Block,
  before: ReadonlyMap<string, ModelCoin>,
  parent: ModelParent,
  checkSpend: SpendCheck = checkAnyoneSpend,
): ModelCoins | undefined {
  const coins = new Map(before)
  const height = parent.height + 1
  let fees = 0n
  // BIP 30, for the whole block at its beginning.
  for (const transaction of transactions)
    if (transaction.outputs.some((_, index) => before.has(keyOf(txidOf(transaction), index))))
      return undefined
  for (const transaction of transactions) {
    const coinbase = transaction === transactions[0]
    if (!coinbase) {
      const fee = spend(transaction, coins, parent, checkSpend)
      if (fee === undefined) return undefined
      fees += fee
    }
    transaction.outputs.forEach(({ value, scriptPubKey }, index) => {
      const script = hexOf(scriptPubKey)
      // OP_RETURN can never be spent, and is no coin.
      if (!script.startsWith('6a'))
        coins.set(keyOf(txidOf(transaction), index), { value, script, height, coinbase })
    })
  }
  const claimed = transactions[0]!.outputs.reduce((sum, { value }) => sum + value, 0n)
  const subsidy = 5_000_000_000n >> BigInt(Math.floor(height / HALVING))
  return claimed <= subsidy + fees ? coins : undefined
}

/** Takes the inputs' coins out, and returns the fee; undefined when a rule is broken. */
function spend(
  transaction: Transaction,
  coins: ModelCoins,
  parent: ModelParent,
  checkSpend: SpendCheck,
): bigint | undefined {
  const spent = transaction.inputs.map(input => coins.get(spentKey(input)))
  if (!spent.every(coin => coin !== undefined)) return undefined
  if (spent.some(coin => coin.coinbase && parent.height + 1 - coin.height < MATURITY)) return undefined
  const fee =
    spent.reduce((sum, { value }) => sum + value, 0n) -
    transaction.outputs.reduce((sum, { value }) => sum + value, 0n)
  if (fee < 0n || !areLocksOver(transaction, spent, parent)) return undefined
  if (spent.some((_, i) => checkSpend(transaction, i, spent) === false)) return undefined
  for (const input of transaction.inputs) coins.delete(spentKey(input))
  return fee
}
