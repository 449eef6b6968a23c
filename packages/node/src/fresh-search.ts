import type { Block } from '@onehop/ledger'

/** What a search is made of. */
export interface FreshSearchOptions {
  /** A block on the tip that lacks only its proof of work. */
  readonly createTemplate: () => Block
  readonly mine: (template: Block, options: { readonly signal: AbortSignal }) => Promise<Block>
  /** Ends the search: the promise rejects with its reason. */
  readonly signal: AbortSignal
  /** Time in ms after which a template is old. */
  readonly refreshMs: number
  /** Calls back at every new tip until the returned function is called. */
  readonly onTip: (listener: () => void) => () => void
}

/**
 * Finds a block, however long it takes: on a new template whenever the tip has changed or the template is old, so that
 * others' blocks are built on and their transactions get in.
 */
export async function searchFresh(options: FreshSearchOptions): Promise<Block> {
  for (;;) {
    const block = await searchOnce(options)
    if (block !== undefined) return block
  }
}

/** @returns undefined when the template became old before a block was found. */
async function searchOnce(options: FreshSearchOptions): Promise<Block | undefined> {
  const { createTemplate, mine, signal, refreshMs, onTip } = options
  signal.throwIfAborted()
  const old = new AbortController()
  const end = () => old.abort()
  signal.addEventListener('abort', end)
  const timer = setTimeout(end, refreshMs)
  const stopListening = onTip(end)
  try {
    return await mine(createTemplate(), { signal: old.signal })
  } catch (error) {
    signal.throwIfAborted()
    if (!old.signal.aborted) throw error
    return undefined
  } finally {
    stopListening()
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}
