import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from './exit-codes.ts'
import { CommandFailure } from './failure.ts'

/** How long to wait, and what ends the wait early. */
export interface WaitOptions {
  readonly timeoutMs: number
  readonly pollMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits until the look gives a value. An error of the look is no end: the last one is told when time runs out.
 * @throws {CommandFailure} `${what}`, with exit code 5, when it takes too long.
 * @throws the signal's reason.
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  { timeoutMs, pollMs, signal }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < deadline) {
    signal?.throwIfAborted()
    try {
      const value = await look()
      if (value !== undefined) return value
      last = undefined
    } catch (error) {
      if (error instanceof CommandFailure) throw error
      last = error
    }
    await sleep(pollMs)
  }
  const reason = last instanceof Error ? ` (${last.message})` : ''
  throw new CommandFailure(EXIT.timedOut, `${what} within ${timeoutMs / 1000} s${reason}.`)
}
