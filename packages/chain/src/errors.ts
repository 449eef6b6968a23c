import { DecodeError } from '@onehop/primitives'

/** Thrown by `Chain.open` when another process has the datadir open. */
export class DatadirInUseError extends Error {
  override name = 'DatadirInUseError'

  constructor(datadir: string) {
    super(`The datadir ${datadir} is in use by another onehop process.`)
  }
}

/** Thrown by `Chain.open` when the datadir holds the chain of another network. */
export class WrongNetworkError extends Error {
  override name = 'WrongNetworkError'

  constructor(where: string, wanted: string) {
    super(`The chain in ${where} belongs to another network than ${wanted}.`)
  }
}

/** Thrown by `Chain.open` when the datadir was written by a newer onehop, whose format this one does not know. */
export class NewerFormatError extends Error {
  override name = 'NewerFormatError'

  constructor(where: string, found: number, known: number) {
    super(
      `The chain in ${where} has format ${found}, but this onehop knows formats up to ${known}: use a newer onehop.`,
    )
  }
}

/** Thrown by `Chain.open` when blocks were deleted by pruning and the chain is to be a whole one. */
export class PrunedStoreError extends Error {
  override name = 'PrunedStoreError'

  constructor(where: string) {
    super(
      `Blocks in ${where} were deleted by pruning: go on with --prune, or move the chain away to download it anew.`,
    )
  }
}

/** Thrown by `invalidateBlock` when blocks that have to be disconnected were deleted. Nothing has changed then. */
export class PrunedBlocksError extends Error {
  override name = 'PrunedBlocksError'

  constructor(height: number) {
    super(`The blocks from height ${height} on cannot be disconnected: some were deleted by pruning.`)
  }
}

/** Thrown when stored data is not what was written: a damaged disk, or files changed by hand. */
export class StoreCorruptError extends Error {
  override name = 'StoreCorruptError'
}

/** Thrown by every call after a write failed: what memory holds may be ahead of the store. Reopen to go on. */
export class ChainHaltedError extends Error {
  override name = 'ChainHaltedError'

  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`The chain has stopped because its store failed: ${why}`, { cause })
  }
}

/** Thrown by calls that come after `close()`. */
export class ChainClosedError extends Error {
  override name = 'ChainClosedError'

  constructor() {
    super('The chain is closed.')
  }
}

/** Decodes what we stored ourselves. @throws {StoreCorruptError} where the decoder throws DecodeError. */
export function decodeStored<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) throw new StoreCorruptError(`${what} cannot be read: ${error.message}`)
    throw error
  }
}
