import { invalid, OK, refused, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import { txIdToHex } from '../ids.ts'
import type { ScriptCache } from '../script-cache.ts'
import type { Transaction, TxOutput } from '../transaction.ts'
import type { ScriptFlags } from './flags.ts'
import { SCRIPT_ERROR_TEXT, type ScriptError } from './script-error.ts'
import { SegwitMidstate } from './segwit-midstate.ts'
import { TransactionSignatureChecker } from './signature-checker.ts'
import { verifyScript } from './verify-script.ts'

/** Why an input's script failed. */
export interface InputFailure {
  readonly inputIndex: number
  readonly error: ScriptError
}

/** The scripts of one transaction's inputs, which share what is the same in all their signature hashes. */
export class InputScripts {
  private readonly transaction: Transaction
  private readonly spent: readonly TxOutput[]
  private readonly flags: ScriptFlags
  private readonly verifier: SignatureVerifier
  private readonly midstate: SegwitMidstate

  /** @param spent what the inputs spend, in their order. */
  constructor(
    transaction: Transaction,
    spent: readonly TxOutput[],
    flags: ScriptFlags,
    verifier: SignatureVerifier,
  ) {
    this.transaction = transaction
    this.spent = spent
    this.flags = flags
    this.verifier = verifier
    this.midstate = new SegwitMidstate(transaction, spent)
  }

  /** Runs the scripts of one input. */
  verify(inputIndex: number): ScriptError | undefined {
    const { transaction, flags, verifier, midstate } = this
    const { scriptSig, witness } = transaction.inputs[inputIndex]!
    const { value, scriptPubKey } = this.spent[inputIndex]!
    const checker = new TransactionSignatureChecker(transaction, inputIndex, value, verifier, midstate)
    return verifyScript({ scriptSig, scriptPubKey, witness, flags, checker })
  }
}

/** Runs the scripts of all inputs. @param coins what they spend, in their order. @returns the first failure. */
export function verifyInputs(
  transaction: Transaction,
  coins: readonly Coin[],
  flags: ScriptFlags,
  verifier: SignatureVerifier,
): InputFailure | undefined {
  const spent = coins.map(({ output }) => output)
  const scripts = new InputScripts(transaction, spent, flags, verifier)
  for (let inputIndex = 0; inputIndex < transaction.inputs.length; inputIndex++) {
    const error = scripts.verify(inputIndex)
    if (error !== undefined) return { inputIndex, error }
  }
  return undefined
}

/** The verdict on a block with this failure in it, in Core's words. */
export function blockScriptVerdict({ inputIndex, error }: InputFailure, txid: string): Verdict {
  const code = `block-script-verify-flag-failed (${SCRIPT_ERROR_TEXT[error]})`
  return invalid(code, `input ${inputIndex} of ${txid}`)
}

/** The verdict on a transaction for the mempool: the sender is to blame when no block could have it either. */
function mempoolScriptVerdict(
  { txid, wtxid, inputs }: Transaction,
  { inputIndex, error }: InputFailure,
  breaksConsensus: boolean,
): Verdict {
  const code = `mempool-script-verify-flag-failed (${SCRIPT_ERROR_TEXT[error]})`
  const { previousOutput } = inputs[inputIndex]!
  const spent = `${txIdToHex(previousOutput.txid)}:${previousOutput.index}`
  const detail = `input ${inputIndex} of ${txIdToHex(txid)} (wtxid ${txIdToHex(wtxid)}), spending ${spent}`
  return breaksConsensus ? invalid(code, detail) : refused(code, detail)
}

/**
 * Runs under policy's rules, and where these fail under consensus' to find out who is to blame.
 * @param cache is told of a success.
 */
export function verifyForMempool(
  transaction: Transaction,
  coins: readonly Coin[],
  flags: { readonly policy: ScriptFlags; readonly consensus: ScriptFlags },
  verifier: SignatureVerifier,
  cache?: ScriptCache,
): Verdict {
  if (cache?.has(transaction.wtxid, flags.policy)) return OK
  const failure = verifyInputs(transaction, coins, flags.policy, verifier)
  if (failure === undefined) {
    cache?.add(transaction.wtxid, flags.policy)
    return OK
  }
  return mempoolScriptVerdict(
    transaction,
    failure,
    verifyInputs(transaction, coins, flags.consensus, verifier) !== undefined,
  )
}
