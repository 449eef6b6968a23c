import { setImmediate as nextTurn } from 'node:timers/promises'
import { InputScripts, runScriptCheck, runScriptChecks, type ScriptCheck } from '@onehop/ledger'
import { OK, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import { INPUTS_PER_WAVE, MIN_INPUTS_FOR_WORKERS, SCRIPT_SLICE_MS } from '../limits.ts'
import { type Claims, newClaims } from './claims.ts'
import { countInputs, InputRunner } from './input-runs.ts'
import { shareChecks } from './shared-checks.ts'
import type { WorkerTeam } from './worker-team.ts'

/** Who checks a block's scripts. */
export interface BlockScriptsOptions {
  readonly verifier: SignatureVerifier
  readonly team: WorkerTeam | undefined
  /** Told when a worker was wrong. */
  readonly onTrouble: (message: string) => void
}

/** Consecutive checks of a block that are given to all threads at once. */
interface Wave {
  readonly checks: readonly ScriptCheck[]
  readonly runner: InputRunner
  readonly claims: Claims
  /** The team's number for it; absent where the main thread is alone. */
  readonly job: number | undefined
}

/**
 * The scripts of one block. Checks come one by one while the block's other rules are gone through, and workers begin
 * with them meanwhile.
 */
export class BlockScripts {
  private readonly options: BlockScriptsOptions
  private readonly waves: Wave[] = []
  private waiting: ScriptCheck[] = []
  private waitingInputs = 0

  constructor(options: BlockScriptsOptions) {
    this.options = options
  }

  /** In the order of the block. */
  add(check: ScriptCheck): void {
    this.waiting.push(check)
    this.waitingInputs += check.transaction.inputs.length
    if (this.options.team !== undefined && this.waitingInputs >= INPUTS_PER_WAVE) this.begin()
  }

  /** There is another reason to refuse the block: no more work goes into it. */
  abandon(): void {
    for (const { claims } of this.waves) claims.cancel()
  }

  /** No more checks come. @returns why the first script in the order of the block that fails does. */
  async finish(): Promise<Verdict> {
    this.begin()
    // Nobody waits for the end of one wave before going on with the next.
    for (const wave of this.waves) {
      await this.work(wave)
      if (wave.claims.firstFailure !== undefined) break
    }
    for (const wave of this.waves) {
      await this.work(wave)
      const verdict = await this.verdictOf(wave)
      if (!verdict.ok) {
        this.abandon()
        return verdict
      }
    }
    return OK
  }

  private begin(): void {
    const { waiting: checks, waitingInputs: inputs } = this
    if (inputs === 0) return
    this.waiting = []
    this.waitingInputs = 0
    const firstInputs = countInputs(checks)
    const runner = new InputRunner(firstInputs, check => this.scriptsOf(checks[check]!))
    const team = inputs < MIN_INPUTS_FOR_WORKERS ? undefined : this.options.team
    const claims = newClaims(runner.runs, team !== undefined)
    const job = team?.begin(shareChecks(checks, firstInputs), claims)
    this.waves.push({ checks, runner, claims, job })
  }

  private async work({ claims, runner }: Wave): Promise<void> {
    let sliceEnd = performance.now() + SCRIPT_SLICE_MS
    for (let run = claims.claim(); run !== undefined; run = claims.claim()) {
      claims.finish(run, runner.verify(run))
      if (performance.now() < sliceEnd) continue
      await nextTurn()
      sliceEnd = performance.now() + SCRIPT_SLICE_MS
    }
  }

  private async verdictOf({ claims, runner, checks, job }: Wave): Promise<Verdict> {
    if (job !== undefined) await this.options.team?.settle(claims, job)
    for (const run of claims.unfinished()) claims.finish(run, runner.verify(run))
    return claims.firstFailure === undefined ? OK : this.explain(checks, runner.checkOf(claims.firstFailure))
  }

  private scriptsOf({ transaction, spent, flags }: ScriptCheck): InputScripts {
    const outputs = spent.map(({ output }) => output)
    return new InputScripts(transaction, outputs, flags, this.options.verifier)
  }

  /** Here, where all is at hand, and so that no worker's word alone refuses a block. */
  private explain(checks: readonly ScriptCheck[], failed: number): Verdict {
    const { verifier, onTrouble } = this.options
    const verdict = runScriptCheck(checks[failed]!, verifier)
    if (!verdict.ok) return verdict
    onTrouble('A thread for script checks refused what the main thread takes; the block is checked again.')
    return runScriptChecks(checks, verifier)
  }
}
