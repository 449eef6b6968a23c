import { OK, type Result, type Verdict } from '@onehop/primitives'
import { MANDATORY_FLAGS, STANDARD_FLAGS } from '../script/flags.ts'
import { verifyForMempool } from '../script/verify-inputs.ts'
import type { Transaction } from '../transaction.ts'
import type { AcceptanceMode, Candidate } from './candidate.ts'
import { checkAcceptance } from './check-acceptance.ts'
import { findUnspentDust } from './check-ephemeral.ts'
import { checkReplacement } from './check-replacement.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import type { PolicyContext } from './policy-context.ts'

/** A transaction that may come in, and what goes for it. */
export interface Evaluated {
  readonly candidate: Candidate
  readonly leaving: ReadonlySet<MempoolEntry>
}

const NOTHING: ReadonlySet<MempoolEntry> = new Set()

/** All checks of a single transaction, the costly ones last (`AcceptSingleTransaction`). Changes nothing. */
export function evaluateTransaction(
  transaction: Transaction,
  context: PolicyContext,
  mode: AcceptanceMode,
): Result<Evaluated> {
  const checked = checkAcceptance(transaction, context, mode)
  if (!checked.ok) return checked
  const candidate = checked.value
  if (candidate.ancestors.size > 0) {
    const dust = findUnspentDust([transaction], txid => context.pool.get(txid)?.transaction)
    if (dust !== undefined) return dust.rejection
  }
  const leaving = candidate.conflicts.size > 0 ? checkReplacement(candidate) : NO_REPLACEMENT
  if (!leaving.ok) return leaving
  const scripts = mode.checksScripts ? checkScripts(candidate, context) : OK
  return scripts.ok ? { ok: true, value: { candidate, leaving: leaving.value } } : scripts
}

const NO_REPLACEMENT = { ok: true, value: NOTHING } as const

/** Runs the scripts of a candidate. */
export function checkScripts({ transaction, coins }: Candidate, context: PolicyContext): Verdict {
  return verifyForMempool(transaction, coins, FLAGS, context.verifier, context.scriptCache)
}

const FLAGS = { policy: STANDARD_FLAGS, consensus: MANDATORY_FLAGS }
