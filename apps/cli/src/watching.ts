import { setTimeout as sleep } from 'node:timers/promises'
import { writeError } from './output.ts'
import { ProgressLine } from './progress.ts'

/** Time in ms between two looks: on a terminal, and where each look leaves a line. */
const TERMINAL_POLL_MS = 250
const PLAIN_POLL_MS = 5_000

/** What there is to show at one moment: a bar, or a line alone where it is not known how long it takes. */
export interface ProgressView {
  readonly title: string
  readonly done?: number
  readonly total?: number
  readonly figures: string
}

/** How the person wants the result; decides what is told meanwhile. */
export interface OutputFlags {
  readonly json: boolean
  readonly quiet: boolean
}

/**
 * Does the work, and shows how far it is: a bar on a terminal; elsewhere a line every five seconds, for people only.
 * @param look tells what there is to show now; its errors are nobody's business.
 */
export async function watched<T>(
  work: Promise<T>,
  look: () => Promise<ProgressView | undefined>,
  { json, quiet }: OutputFlags,
): Promise<T> {
  const isTerminal = process.stderr.isTTY === true && process.env.CI === undefined
  const isWanted = !quiet && (isTerminal || !json)
  const ended = new AbortController()
  const shown = isWanted ? showUntil(ended.signal, look, isTerminal) : Promise.resolve()
  try {
    return await work
  } finally {
    ended.abort()
    await shown
  }
}

async function showUntil(
  ended: AbortSignal,
  look: () => Promise<ProgressView | undefined>,
  isTerminal: boolean,
): Promise<void> {
  const line = new ProgressLine()
  const pollMs = isTerminal ? TERMINAL_POLL_MS : PLAIN_POLL_MS
  while (!ended.aborted) {
    await sleep(pollMs, undefined, { signal: ended }).catch(() => undefined)
    if (ended.aborted) break
    const view = await look().catch(() => undefined)
    if (view === undefined || ended.aborted) continue
    const { title, done, total, figures } = view
    const isBar = done !== undefined && total !== undefined
    if (!isTerminal)
      writeError(isBar ? `${title}: ${shareOf(done, total)}  ${figures}` : `${title}: ${figures}`)
    else if (isBar) line.bar(title, done, total, figures)
    else line.show(`${title}: ${figures}`)
  }
  line.clear()
}

function shareOf(done: number, total: number): string {
  return `${total === 0 ? 0 : Math.floor((100 * done) / total)}%`
}
