import { styleText } from 'node:util'
import { formatBitcoin } from '@onehop/primitives'

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'

/** Coloured when stdout is a terminal and NO_COLOR is not set. */
export function style(format: Style, text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

/** Bitcoins without trailing zeros: `50 BTC`, `0.00000141 BTC`. */
export function bitcoins(sats: number | bigint): string {
  return `${formatBitcoin(BigInt(sats)).replace(/\.?0+$/, '')} BTC`
}

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 MiB` */
export function byteCount(bytes: number): string {
  if (bytes === 1) return '1 byte'
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** Megabytes (10^6) a second: `83 MB/s`. */
export function transferRate(bytes: number, elapsedMs: number): string {
  const rate = bytes / 1e6 / (Math.max(elapsedMs, 1) / 1000)
  return `${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)} MB/s`
}

const RATE_UNITS = ['B/s', 'kB/s', 'MB/s', 'GB/s']

/** `0 B/s`, `340 kB/s`, `5.2 MB/s`: powers of 1000, as everywhere for rates. */
export function rate(bytesPerSecond: number): string {
  let value = Math.max(0, bytesPerSecond)
  let unit = 0
  while (value >= 999.5 && unit < RATE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit > 1 && value < 10 ? value.toFixed(1) : value.toFixed(0)} ${RATE_UNITS[unit]}`
}

/** `45%`: never 100% before all is there, and never more. */
export function percent(done: number, total: number): string {
  return `${total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total))}%`
}

/** `340 ms`, `2.5 s`, `3 min 20 s`, `5 h 10 min`, `3 days` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(ms / 60_000)
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.round(minutes / 1_440)} days`
}

/** `1 block`, `5 blocks` */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

/** Both ends of a long id: `28fafe93…7dcdb8be`. */
export function shortened(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 8)}…${id.slice(-8)}`
}

/** The beginning of a text that may be long, in one line, without what a terminal would obey. */
export function fitted(text: string, width: number): string {
  const shown = text.replace(/\p{Cc}/gu, '?')
  return shown.length <= width ? shown : `${shown.slice(0, width - 1)}…`
}

/** Characters that take two columns: of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const WITHOUT_WIDTH = /\p{M}|\p{Cf}/u

/** Columns that a text takes in a terminal. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += WITHOUT_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

/** The beginning of a text, as much as the columns hold. */
export function cutToColumns(text: string, width: number): string {
  let columns = 0
  let cut = ''
  for (const character of text) {
    columns += columnsOf(character)
    if (columns > width) break
    cut += character
  }
  return cut
}

/** Columns of the terminal; without one, as many as one likes. */
export function terminalWidth(): number {
  return process.stdout.columns ?? Number.POSITIVE_INFINITY
}

/** The text behind an indent, broken between words where the terminal ends. */
export function indented(text: string, indent: number, width = terminalWidth()): string {
  const margin = ' '.repeat(indent)
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && indent + line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${line} ${word}`
    } else {
      lines.push(word)
    }
  }
  return lines.map(line => margin + line).join('\n')
}

/** Rows under headings, each column as wide as its widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map(row => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [style('dim', line(headings)), ...rows.map(line)].join('\n')
}

/** Names and values in two columns. Values that are undefined are left out. */
export function fields(values: Readonly<Record<string, string | number | undefined>>): string {
  const shown = Object.entries(values).filter(([, value]) => value !== undefined)
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${style('dim', name.padEnd(width))}  ${value}`).join('\n')
}
