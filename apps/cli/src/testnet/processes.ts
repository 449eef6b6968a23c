import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Whether a process lives and is the one that was started on this datadir: its command line names the folder. A pid alone
 * proves nothing, since the system gives it to another process one day.
 */
export function isAlive(pid: number, datadir: string): boolean {
  return commandLineOf(pid).includes(datadir)
}

/** The process's words; none when it does not live (a zombie has none either). */
export function commandLineOf(pid: number): readonly string[] {
  if (!Number.isInteger(pid) || pid <= 0) return []
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return process.platform === 'linux' ? [] : commandLineByPs(pid)
  }
}

/** For systems without `/proc`. */
function commandLineByPs(pid: number): readonly string[] {
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(' ')
  } catch {
    return []
  }
}

/** Sends a signal; nothing happens when the process is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
