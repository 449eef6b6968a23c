import { OK, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import type { Coin } from './coin.ts'
import { txIdToHex } from './ids.ts'
import type { ScriptFlags } from './script/flags.ts'
import { blockScriptVerdict, verifyInputs } from './script/verify-inputs.ts'
import type { Transaction } from './transaction.ts'

/** The scripts of one transaction's inputs, still to be run (Core: CScriptCheck). Depends on nothing but itself. */
export interface ScriptCheck {
  readonly transaction: Transaction
  /** What the inputs spend, in their order. */
  readonly spent: readonly Coin[]
  readonly flags: ScriptFlags
}

/** Runs one. */
export function runScriptCheck(check: ScriptCheck, verifier: SignatureVerifier): Verdict {
  const failure = verifyInputs(check.transaction, check.spent, check.flags, verifier)
  return failure === undefined ? OK : blockScriptVerdict(failure, txIdToHex(check.transaction.txid))
}

/** Runs a block's scripts one after the other. @returns why the first that fails does. */
export function runScriptChecks(checks: readonly ScriptCheck[], verifier: SignatureVerifier): Verdict {
  for (const check of checks) {
    const verdict = runScriptCheck(check, verifier)
    if (!verdict.ok) return verdict
  }
  return OK
}
