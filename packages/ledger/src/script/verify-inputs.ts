import { invalid, OK, refused, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import type { ScriptCache } from '../script-cache.ts'
import type { Transaction } from '../transaction.ts'
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

/** Runs the scripts of all inputs. @param coins what they spend, in their order. @returns the first failure. */
export function verifyInputs(
  transaction: Transaction,
  coins: readonly Coin[],
  flags: ScriptFlags,
  verifier: SignatureVerifier,
): InputFailure | undefined {
  const spentOutputs = coins.map(({ output }) => output)
  const midstate = new SegwitMidstate(transaction, spentOutputs)
  for (const [inputIndex, { scriptSig, witness }] of transaction.inputs.entries()) {
    const { value, scriptPubKey } = coins[inputIndex]!.output
    const checker = new TransactionSignatureChecker(transaction, inputIndex, value, verifier, midstate)
    const error = verifyScript({ scriptSig, scriptPubKey, witness, flags, checker })
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
function mempoolScriptVerdict({ inputIndex, error }: InputFailure, breaksConsensus: boolean): Verdict {
  const code = `mempool-script-verify-flag-failed (${SCRIPT_ERROR_TEXT[error]})`
  const detail = `input ${inputIndex}`
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
    failure,
    verifyInputs(transaction, coins, flags.consensus, verifier) !== undefined,
  )
}
