import { EXIT } from './exit-codes.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * One key press may arrive twice, from the terminal and from the process that started us: what follows the first within
 * this many ms is the same.
 */
const SAME_PRESS_MS = 300

/**
 * Calls back when the person presses Ctrl-C or the process is asked to end.
 * @param again on the second request: when even stopping must not be waited for. Default: the process ends at once.
 * @returns a function that stops listening.
 */
export function onInterrupt(
  first: () => void,
  again: () => void = () => process.exit(EXIT.interrupted),
): () => void {
  let firstAtMs: number | undefined
  const listener = () => {
    const nowMs = performance.now()
    if (firstAtMs === undefined) {
      firstAtMs = nowMs
      first()
    } else if (nowMs - firstAtMs > SAME_PRESS_MS) {
      again()
    }
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
