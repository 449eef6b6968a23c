import { duration } from './format.ts'
import { writeError } from './output.ts'
import { ProgressLine } from './progress.ts'

/** Tells on stderr what is going on: on a terminal a line that changes, elsewhere a line for each new step. */
export class Phases {
  private readonly line = new ProgressLine()
  private readonly startedMs = performance.now()
  private readonly silent: boolean
  private last = ''

  constructor(silent: boolean) {
    this.silent = silent
  }

  /** @param phase `what: figures`; the figures change often and are left out where lines stay. */
  show(phase: string): void {
    if (this.silent) return
    const [what = phase] = phase.split(':')
    if (process.stderr.isTTY) this.line.show(`${duration(performance.now() - this.startedMs)}  ${phase} …`)
    else if (what !== this.last) writeError(`${what} …`)
    this.last = what
  }

  /** The last word. */
  done(what: string): void {
    this.line.clear()
    if (!this.silent) writeError(`${what} after ${duration(performance.now() - this.startedMs)}`)
  }
}
