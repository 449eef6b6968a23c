import { compactSizeLength, OK, refused, type Verdict } from '@onehop/primitives'
import {
  DUST_RELAY_FEE_RATE,
  MAX_STANDARD_DATA_CARRIER_LENGTH,
  MAX_STANDARD_DUST_OUTPUTS,
  MAX_STANDARD_SCRIPT_SIG_LENGTH,
  MAX_STANDARD_TRANSACTION_WEIGHT,
  MIN_STANDARD_TRANSACTION_LENGTH,
} from '../limits.ts'
import { isPushOnly } from '../script/script-parser.ts'
import { isUnspendable, witnessProgramOf } from '../script/script-patterns.ts'
import { multisigOf, scriptType } from '../script/script-type.ts'
import type { Transaction, TxOutput } from '../transaction.ts'
import { feeAt } from './fee-rate.ts'

const LEAST_VERSION = 1
/** Version 3 has rules of its own (BIP 431, `check-truc.ts`). */
const GREATEST_VERSION = 3
/** Keys of a bare multisig that is relayed. */
const MAX_BARE_MULTISIG_KEYS = 3
/** Bytes of an output's value. */
const VALUE_LENGTH = 8
/** Bytes that spending an output takes, for the dust limit: an input with a signature and a key. */
const SPENDING_BYTES = 148
/** The same for a witness program: a quarter of the witness. */
const WITNESS_SPENDING_BYTES = 67

/** What the mempool asks of a transaction by itself beyond consensus, in Bitcoin Core's order (IsStandardTx). */
export function checkStandard(transaction: Transaction): Verdict {
  const { version, weight, inputs, outputs, baseSize } = transaction
  if (version < LEAST_VERSION || version > GREATEST_VERSION) return refused('version')
  if (weight > MAX_STANDARD_TRANSACTION_WEIGHT) return refused('tx-size')
  for (const { scriptSig } of inputs) {
    if (scriptSig.length > MAX_STANDARD_SCRIPT_SIG_LENGTH) return refused('scriptsig-size')
    if (!isPushOnly(scriptSig)) return refused('scriptsig-not-pushonly')
  }
  const standard = checkOutputs(outputs)
  if (!standard.ok) return standard
  return baseSize < MIN_STANDARD_TRANSACTION_LENGTH ? refused('tx-size-small') : OK
}

function checkOutputs(outputs: readonly TxOutput[]): Verdict {
  let dataBytes = 0
  for (const { scriptPubKey } of outputs) {
    const type = scriptType(scriptPubKey)
    if (type === 'nonstandard' || isLongMultisig(scriptPubKey)) return refused('scriptpubkey')
    if (type === 'nulldata') dataBytes += scriptPubKey.length
  }
  if (dataBytes > MAX_STANDARD_DATA_CARRIER_LENGTH) return refused('datacarrier')
  return outputs.filter(isDust).length > MAX_STANDARD_DUST_OUTPUTS ? refused('dust') : OK
}

function isLongMultisig(script: Uint8Array): boolean {
  return (multisigOf(script)?.keys ?? 0) > MAX_BARE_MULTISIG_KEYS
}

/** Whether spending the output would cost more than it holds, at the dust fee rate. */
export function isDust(output: TxOutput): boolean {
  return output.value < dustLimit(output)
}

/** Satoshis below which an output is dust: 546 for P2PKH, 294 for P2WPKH. */
export function dustLimit(output: TxOutput): bigint {
  if (isUnspendable(output.scriptPubKey)) return 0n
  const spending = witnessProgramOf(output.scriptPubKey) ? WITNESS_SPENDING_BYTES : SPENDING_BYTES
  return feeAt(DUST_RELAY_FEE_RATE, lengthOf(output) + spending)
}

/** Bytes of the serialised output. */
function lengthOf({ scriptPubKey: { length } }: TxOutput): number {
  return VALUE_LENGTH + compactSizeLength(length) + length
}
