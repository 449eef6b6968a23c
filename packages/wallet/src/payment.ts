import { isDust, isMoney, type OutPoint, Transaction, type TxOutput } from '@onehop/ledger'
import { compactSizeLength, invalid, type Rejection, type Result, refused } from '@onehop/primitives'
import {
  P2PKH_INPUT_WEIGHT,
  P2WPKH_INPUT_WEIGHT,
  P2WPKH_OUTPUT_BYTES,
  type SelectableCoin,
  type Selection,
  selectCoins,
} from './coin-selection.ts'
import type { WalletKey } from './keys.ts'
import { DEFAULT_FEE_RATE, MAX_FEE_SATS, MIN_FEE_RATE } from './limits.ts'
import { type SigningCoin, signTransaction } from './sign.ts'

/** Whom to pay how much. */
export interface PaymentOutput {
  readonly script: Uint8Array
  /** Satoshis. */
  readonly value: bigint
}

/** Whom to pay, and at which fee rate. */
export interface PaymentRequest {
  readonly to: readonly PaymentOutput[]
  /** Satoshis per virtual byte. @default DEFAULT_FEE_RATE */
  readonly feeRate?: number
}

/** A signed payment. */
export interface Payment {
  readonly transaction: Transaction
  readonly feeSats: bigint
  /** Satoshis that come back to us; 0 when there is no change. */
  readonly changeSats: bigint
}

/** A coin that a payment may spend. */
export interface PayableCoin extends SigningCoin {
  readonly outpoint: OutPoint
  readonly confirmed: boolean
}

type Candidate = PayableCoin & SelectableCoin

const TRANSACTION_VERSION = 2
/** Signals that a payment of a higher fee may replace this one (BIP 125), as Core's wallet does. */
const SEQUENCE_REPLACEABLE = 0xffff_fffd
const VALUE_BYTES = 8

function outputBytes({ script }: PaymentOutput): number {
  return VALUE_BYTES + compactSizeLength(script.length) + script.length
}

function checkRequest({ to, feeRate = DEFAULT_FEE_RATE }: PaymentRequest): Rejection | undefined {
  if (to.length === 0) return invalid('no-recipient', 'A payment needs a recipient')
  if (!to.every(output => output.value > 0n && isMoney(output.value)))
    return invalid('invalid-amount', 'An amount must be positive')
  if (to.some(({ script, value }) => isDust({ scriptPubKey: script, value })))
    return invalid('dust', 'An amount is too small: others do not relay such a payment')
  if (!Number.isFinite(feeRate) || feeRate < MIN_FEE_RATE)
    return invalid('fee-rate-too-low', `The fee rate must be at least ${MIN_FEE_RATE} sat/vB`)
  return undefined
}

function candidateOf(coin: PayableCoin): Candidate {
  const inputWeight = coin.kind === 'p2wpkh' ? P2WPKH_INPUT_WEIGHT : P2PKH_INPUT_WEIGHT
  return { ...coin, value: coin.output.value, inputWeight }
}

function select(coins: readonly PayableCoin[], request: PaymentRequest): Selection<Candidate> | undefined {
  const { to, feeRate = DEFAULT_FEE_RATE } = request
  return selectCoins(coins.map(candidateOf), {
    amount: to.reduce((sum, output) => sum + output.value, 0n),
    outputBytes: to.reduce((sum, output) => sum + outputBytes(output), 0),
    outputCount: to.length,
    changeBytes: P2WPKH_OUTPUT_BYTES,
    feeRate,
  })
}

/** Orders as BIP 69 does for outputs, so that the place of the change says nothing. */
function byValue(a: TxOutput, b: TxOutput): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
}

function assemble(
  selection: Selection<Candidate>,
  changeKey: WalletKey,
  { to }: PaymentRequest,
): Transaction {
  const outputs: TxOutput[] = to.map(({ script, value }) => ({ value, scriptPubKey: script }))
  if (selection.change > 0n) outputs.push({ value: selection.change, scriptPubKey: changeKey.script() })
  const inputs = selection.coins.map(({ outpoint }) => ({
    previousOutput: outpoint,
    scriptSig: new Uint8Array(0),
    sequence: SEQUENCE_REPLACEABLE,
    witness: [],
  }))
  const unsigned = { version: TRANSACTION_VERSION, inputs, outputs: outputs.sort(byValue), lockTime: 0 }
  return signTransaction(new Transaction(unsigned), selection.coins)
}

/**
 * Chooses coins, adds change, signs. Refused (nothing is thrown) with `no-recipient`, `invalid-amount`, `dust`,
 * `fee-rate-too-low`, `insufficient-funds`, `fee-too-high`; the details are for people.
 * @param changeKey gets what the payment does not need.
 */
export function buildPayment(
  coins: readonly PayableCoin[],
  changeKey: WalletKey,
  request: PaymentRequest,
): Result<Payment> {
  const fault = checkRequest(request)
  if (fault !== undefined) return fault
  const selection = select(coins, request)
  if (selection === undefined) return refused('insufficient-funds', 'Insufficient funds')
  const { fee, change } = selection
  if (fee > MAX_FEE_SATS)
    return refused('fee-too-high', `The fee would be ${fee} sat, more than ${MAX_FEE_SATS}`)
  const transaction = assemble(selection, changeKey, request)
  return { ok: true, value: { transaction, feeSats: fee, changeSats: change } }
}
