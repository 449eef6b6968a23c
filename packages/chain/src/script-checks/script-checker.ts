import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InputScripts, runScriptCheck, runScriptChecks, type ScriptCheck } from '@onehop/ledger'
import { OK, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import { MAX_SCRIPT_THREADS, MIN_INPUTS_FOR_WORKERS, SCRIPT_SLICE_MS } from '../limits.ts'
import { type Claims, newClaims } from './claims.ts'
import { countInputs, InputRunner } from './input-runs.ts'
import { shareChecks } from './shared-checks.ts'
import { WorkerTeam, type WorkerTeamOptions } from './worker-team.ts'

/** One for each core, up to {@link MAX_SCRIPT_THREADS}. */
export function defaultScriptThreads(): number {
  return Math.min(availableParallelism(), MAX_SCRIPT_THREADS)
}

/** How scripts are checked. */
export interface ScriptCheckerOptions extends Omit<WorkerTeamOptions, 'size'> {
  /** The main thread's; workers pick their own, and all backends agree. */
  readonly verifier: SignatureVerifier
  /** The main thread and its workers together, 1 at least. */
  readonly threads: number
}

/**
 * Runs the scripts of blocks, on the main thread in slices that let other events through, and for large blocks on
 * worker threads beside it. The verdict does not depend on the threads. Calls must not overlap.
 */
export class ScriptChecker {
  readonly verifier: SignatureVerifier
  private readonly team: WorkerTeam | undefined
  private readonly onTrouble: (message: string) => void

  constructor({ verifier, threads, ...team }: ScriptCheckerOptions) {
    this.verifier = verifier
    this.onTrouble = team.onTrouble
    this.team = threads > 1 ? new WorkerTeam({ ...team, size: threads - 1 }) : undefined
  }

  /** @returns why the first script in the order of the block that fails does. */
  async run(checks: readonly ScriptCheck[]): Promise<Verdict> {
    const firstInputs = countInputs(
      checks.map(({ transaction }) => transaction.inputs.length),
      new Int32Array(checks.length + 1),
    )
    const runner = new InputRunner(firstInputs, check => this.scriptsOf(checks[check]!))
    const team = runner.inputs < MIN_INPUTS_FOR_WORKERS ? undefined : this.team
    const claims = newClaims(runner.runs, team !== undefined)
    team?.begin(shareChecks(checks, firstInputs), claims)
    await this.work(claims, runner)
    await team?.settle(claims)
    for (const run of claims.unfinished()) claims.finish(run, runner.verify(run))
    return claims.firstFailure === undefined ? OK : this.explain(checks, runner.checkOf(claims.firstFailure))
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    await this.team?.close()
  }

  private async work(claims: Claims, runner: InputRunner): Promise<void> {
    let sliceEnd = performance.now() + SCRIPT_SLICE_MS
    for (let run = claims.claim(); run !== undefined; run = claims.claim()) {
      claims.finish(run, runner.verify(run))
      if (performance.now() < sliceEnd) continue
      await nextTurn()
      sliceEnd = performance.now() + SCRIPT_SLICE_MS
    }
  }

  private scriptsOf({ transaction, spent, flags }: ScriptCheck): InputScripts {
    const outputs = spent.map(({ output }) => output)
    return new InputScripts(transaction, outputs, flags, this.verifier)
  }

  /** Here, where all is at hand, and so that no worker's word alone refuses a block. */
  private explain(checks: readonly ScriptCheck[], failed: number): Verdict {
    const verdict = runScriptCheck(checks[failed]!, this.verifier)
    if (!verdict.ok) return verdict
    this.onTrouble(
      'A thread for script checks refused what the main thread takes; the block is checked again.',
    )
    return runScriptChecks(checks, this.verifier)
  }
}
