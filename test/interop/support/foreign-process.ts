import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Set where all clients must be there (CI installs them): a missing one then fails instead of being skipped. */
const MUST_BE_HERE = process.env.ONEHOP_REQUIRE_CLIENTS === '1'

function isInstalled(program: string): boolean {
  return spawnSync('which', [program]).status === 0
}

/** Skips the suite or test when a program is not installed, and says so; fails where all must be there. */
export function requirePrograms(context: Mocha.Context, ...programs: readonly string[]): void {
  const missing = programs.filter(program => !isInstalled(program))
  if (missing.length === 0) return
  const reason = `${missing.join(', ')} not installed (Debian has it)`
  if (MUST_BE_HERE) throw new Error(`ONEHOP_REQUIRE_CLIENTS=1, but ${reason}`)
  skipBecause(context, reason)
}

/** Skips the suite or test, and says why. */
export function skipBecause(context: Mocha.Context, reason: string): void {
  console.log(`      not tried: ${reason}`)
  context.skip()
}

/** A program that nobody here wrote, in a folder of its own. */
export class ForeignProcess {
  private static readonly started = new Set<ForeignProcess>()
  readonly logPath: string
  private readonly child: ChildProcess
  private readonly gone: Promise<unknown>

  /** @param folder is made; the program runs in it, and what it prints is kept in `log` there. */
  constructor(folder: string, program: string, args: readonly string[]) {
    mkdirSync(folder, { recursive: true })
    this.logPath = join(folder, 'log')
    const log = openSync(this.logPath, 'a')
    this.child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] })
    this.gone = once(this.child, 'exit')
    ForeignProcess.started.add(this)
  }

  /** Kills all that were started, those of a set-up that failed half-way too. */
  static async killAll(): Promise<void> {
    await Promise.all(Array.from(ForeignProcess.started, each => each.end('SIGKILL')))
    ForeignProcess.started.clear()
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** What it printed. */
  get log(): string {
    return readFileSync(this.logPath, 'utf8')
  }

  /** Ends the process with the signal, and waits until it is gone. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return
    this.child.kill(signal)
    await this.gone
  }
}
