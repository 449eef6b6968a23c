import { columnsOf, cutToColumns } from './format.ts'
import { writeError } from './output.ts'

const BAR_WIDTH = 24
/** A bar that is shorter shows nothing. */
const MIN_BAR_WIDTH = 6
const MIN_COLUMNS = 20
const CLEAR_LINE = '\r\u001b[2K'

/** A line on stderr that is written over and over: on a terminal only, elsewhere nothing. */
export class ProgressLine {
  private readonly isTerminal = process.stderr.isTTY === true && process.env.CI === undefined
  private shown = ''

  /** Shows the text in place of the one before. */
  show(text: string): void {
    if (!this.isTerminal || text === this.shown) return
    this.shown = text
    process.stderr.write(CLEAR_LINE + cutToColumns(text, this.columns))
  }

  /** Shows a bar. @param done of `total`, in the same unit. */
  bar(title: string, done: number, total: number, figures: string): void {
    const share = total === 0 ? 0 : Math.min(1, done / total)
    const words = `${title}  ${Math.floor(share * 100)}%  ${figures}`
    const width = Math.min(BAR_WIDTH, Math.max(MIN_BAR_WIDTH, this.columns - columnsOf(words)))
    const filled = Math.round(share * width)
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
    this.show(`${title} ${bar} ${Math.floor(share * 100)}%  ${figures}`)
  }

  private get columns(): number {
    return Math.max(MIN_COLUMNS, (process.stderr.columns ?? 80) - 1)
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
