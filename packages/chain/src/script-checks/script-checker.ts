import { availableParallelism } from 'node:os'
import type { ScriptCheck } from '@onehop/ledger'
import type { SignatureVerifier, Verdict } from '@onehop/primitives'
import { MAX_SCRIPT_THREADS } from '../limits.ts'
import { BlockScripts } from './block-scripts.ts'
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
 * worker threads beside it. The verdict does not depend on the threads. Blocks come one after the other.
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

  /** For a block whose checks are still to be found. */
  begin(): BlockScripts {
    const { verifier, team, onTrouble } = this
    return new BlockScripts({ verifier, team, onTrouble })
  }

  /** @returns why the first script in the order of the block that fails does. */
  run(checks: readonly ScriptCheck[]): Promise<Verdict> {
    const scripts = this.begin()
    for (const check of checks) scripts.add(check)
    return scripts.finish()
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    await this.team?.close()
  }
}
