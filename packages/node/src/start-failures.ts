import type { Datadir } from './datadir.ts'
import { ConfigurationError } from './errors.ts'
import { reasonOf } from './system-errors.ts'

/** The store's error, with its cause, as one sentence. Other errors stay what they are. */
export function storeFailure(error: unknown, datadir: Datadir | undefined): unknown {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (code !== 'LEVEL_DATABASE_NOT_OPEN' || datadir === undefined) return error
  return new ConfigurationError(`The store in ${datadir.path} cannot be opened: ${reasonOf(cause)}.`)
}

/** libp2p's error for addresses that it cannot listen on, as one sentence. Other errors stay what they are. */
export function listenFailure(error: unknown, listen: readonly string[]): unknown {
  const text = String(error)
  if (!text.includes('listen')) return error
  return new ConfigurationError(`Cannot listen on ${listen.join(', ')}: ${reasonOf(error)}.`)
}

/** Why the BitTorrent port cannot be had, as one sentence. */
export function btPortFailure(error: unknown, port: number): ConfigurationError {
  const { cause } = error as { cause?: unknown }
  return new ConfigurationError(
    `Cannot take BitTorrent connections on port ${port}: ${reasonOf(cause ?? error)}.`,
  )
}

/** An error for the log. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
