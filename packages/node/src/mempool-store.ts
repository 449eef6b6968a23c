import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Chain } from '@onehop/chain'
import {
  encodeMempoolFile,
  MEMPOOL_FILE_KEY_LENGTH,
  MempoolFileReader,
  type SavedTransaction,
} from '@onehop/ledger'
import { DecodeError } from '@onehop/primitives'
import { syncFolder } from './datadir.ts'
import { MAX_MEMPOOL_FILE_BYTES, TRANSACTIONS_PER_SLICE } from './limits.ts'
import type { Logger } from './log.ts'
import { isSystemError, reasonOf } from './system-errors.ts'

const OWNER_ONLY_FILE = 0o600

/** How a file of another node is taken in; the names are bitcoind's. */
export interface ImportOptions {
  /** Whether the transactions count as having come just now, and not when the file says. */
  readonly useCurrentTime: boolean
  /** Whether what `prioritisetransaction` added there counts here. */
  readonly applyFeeDeltas: boolean
}

const OWN_FILE: ImportOptions = { useCurrentTime: false, applyFeeDeltas: true }

/** Keeps the mempool over a restart, in a file of Bitcoin Core's format. */
export class MempoolStore {
  /** Where the mempool is kept; undefined in memory. */
  readonly path: string | undefined
  private readonly chain: Chain
  private readonly log: Logger
  private readonly nowSeconds: () => number
  private loading: Promise<void> | undefined
  /** The file is written by one at a time. */
  private saving: Promise<unknown> = Promise.resolve()
  private loaded = false
  private stopped = false

  constructor(parts: {
    readonly chain: Chain
    readonly log: Logger
    readonly nowSeconds: () => number
    readonly path: string | undefined
  }) {
    this.chain = parts.chain
    this.log = parts.log
    this.nowSeconds = parts.nowSeconds
    this.path = parts.path
    this.loaded = parts.path === undefined
  }

  /** Whether what was saved before the start has been looked at. */
  get isLoaded(): boolean {
    return this.loaded
  }

  /** Takes in what was saved at the last stop, in slices beside other work. Never fails: what is wrong is logged. */
  load(): Promise<void> {
    this.loading ??= this.loadOwnFile()
    return this.loading
  }

  /** Takes in a file of this or another node. @returns whether it could be read to its end. */
  async import(path: string, options: ImportOptions): Promise<boolean> {
    try {
      const { size } = await stat(path)
      if (size > MAX_MEMPOOL_FILE_BYTES) throw new DecodeError('the file is too large for a mempool')
      const { taken, seen } = await this.takeIn(new MempoolFileReader(await readFile(path)), options)
      this.log.info({ path, taken, seen }, 'a saved mempool was taken in')
      return true
    } catch (error) {
      if (!(error instanceof DecodeError) && !isSystemError(error)) throw error
      const reason = error instanceof DecodeError ? error.message : reasonOf(error)
      this.log.warn(
        { path, reason },
        'a saved mempool could not be read to its end; what came before is kept',
      )
      return false
    }
  }

  /** Writes the mempool, so that a crash leaves the old file or the new one. @throws the system's errors. */
  save(path: string): Promise<void> {
    const saving = this.saving.then(() => this.write(path))
    // Whoever asked hears of a failure; the next one may succeed all the same.
    this.saving = saving.catch(() => undefined)
    return saving
  }

  /** Before the chain closes: ends the loading, and saves. A file that was not read to its end by then stays as it is. */
  async close(): Promise<void> {
    this.stopped = true
    await this.loading
    if (this.path !== undefined && this.loaded) await this.save(this.path)
  }

  private async write(path: string): Promise<void> {
    const temporary = `${path}.new`
    const file = await open(temporary, 'w', OWNER_ONLY_FILE)
    try {
      const key = randomBytes(MEMPOOL_FILE_KEY_LENGTH)
      for (const piece of encodeMempoolFile(this.chain.mempool.saved(), key)) await file.writeFile(piece)
      await file.sync()
    } catch (error) {
      await file.close()
      await rm(temporary, { force: true })
      throw error
    }
    await file.close()
    await rename(temporary, path)
    syncFolder(dirname(path))
  }

  private async loadOwnFile(): Promise<void> {
    const { path } = this
    const isThere = path !== undefined && (await stat(path).catch(() => undefined)) !== undefined
    if (isThere) await this.import(path, OWN_FILE)
    this.loaded = !this.stopped
  }

  private async takeIn(reader: MempoolFileReader, options: ImportOptions) {
    let [taken, seen] = [0, 0]
    const restored = (saved: SavedTransaction): SavedTransaction => ({
      transaction: saved.transaction,
      time: options.useCurrentTime ? this.nowSeconds() : saved.time,
      feeDelta: options.applyFeeDeltas ? saved.feeDelta : 0n,
    })
    for (;;) {
      const slice = reader.readTransactions(TRANSACTIONS_PER_SLICE)
      if (slice.length === 0 || this.stopped) break
      taken += await this.chain.transactions.restore(slice.map(restored))
      seen += slice.length
      await nextTurn()
    }
    const deltas = this.stopped ? [] : reader.readFeeDeltas()
    if (options.applyFeeDeltas)
      for (const { txid, delta } of deltas) this.chain.mempool.prioritise(txid, delta)
    return { taken, seen }
  }
}
