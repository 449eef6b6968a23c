import { type Logger, pino } from 'pino'
import type { LogLevel } from './options.ts'

export type { Logger } from 'pino'

/** A logger of JSON lines into the file, or of nothing where there is none. Synchronous, so that a crash loses no line. */
export function createLogger(level: LogLevel, file: string | undefined): Logger {
  if (file === undefined || level === 'silent') return pino({ level: 'silent' })
  return pino({ level, base: null }, pino.destination({ dest: file, sync: true, append: true, mkdir: true }))
}
