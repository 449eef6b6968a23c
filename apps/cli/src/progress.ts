import { writeError } from './output.ts'

const BAR_WIDTH = 24
const CLEAR_LINE = '\r\u001b[2K'

/** A line on stderr that is written over and over: on a terminal only, elsewhere nothing. */
export class ProgressLine {
  private readonly isTerminal = process.stderr.isTTY === true && process.env.CI === undefined
  private shown = ''

  /** Shows the text in place of the one before. */
  show(text: string): void {
    if (!this.isTerminal || text === this.shown) return
    this.shown = text
    const fitting = text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))
    process.stderr.write(CLEAR_LINE + fitting)
  }

  /** Shows a bar. @param done of `total`, in the same unit. */
  bar(title: string, done: number, total: number, figures: string): void {
    const share = total === 0 ? 0 : Math.min(1, done / total)
    const filled = Math.round(share * BAR_WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
    this.show(`${title} ${bar} ${Math.floor(share * 100)}%  ${figures}`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.shown === '') return
    this.shown = ''
    process.stderr.write(CLEAR_LINE)
  }

  /** A line that stays, above the one that changes. */
  log(line: string): void {
    const { shown } = this
    this.clear()
    writeError(line)
    this.show(shown)
  }
}
