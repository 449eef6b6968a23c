import { formatJson } from '@onehop/rpc'

/** A line of the result, on stdout. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** The result as JSON, on stdout. */
export function writeJson(result: unknown): void {
  writeLine(formatJson(result))
}

/** A line of progress, a notice or an error, on stderr. */
export function writeError(line: string): void {
  process.stderr.write(`${line}\n`)
}
