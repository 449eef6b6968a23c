import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type BlockHash,
  type Coin,
  CoinsCache,
  type CoinsTarget,
  type CoinsView,
  MAX_BLOCK_WEIGHT,
  type OutPoint,
  parseCoin,
  type TxId,
  WITNESS_SCALE_FACTOR,
} from '@onehop/ledger'
import { ByteReader, concatBytes } from '@onehop/primitives'
import { decodeStored } from '../errors.ts'
import { DEFAULT_COINS_CACHE_BYTES, MAX_COINS_BATCH_BYTES } from '../limits.ts'
import type { KeyValueChange, KeyValueStore } from '../storage/port.ts'
import { COIN_KEY_BYTES, COIN_PREFIX, META_KEYS } from '../store-format.ts'
import { CoinTable } from './coin-table.ts'
import { DirtyCoins } from './dirty-coins.ts'

/** Shortest output: amount, and an empty script. */
const MIN_OUTPUT_BYTES = 9
/** No transaction has more outputs than fit into a block. */
const MAX_OUTPUTS = MAX_BLOCK_WEIGHT / WITNESS_SCALE_FACTOR / MIN_OUTPUT_BYTES
/** Outputs that are looked for before others get their turn. */
const OUTPUTS_PER_TURN = 4096
/** Share of the limit that dirty coins may take before they are written rather than moved. */
const MAX_DIRTY_SHARE = 0.5
/** Share of the limit that is in use after room was made. */
const ROOMY_SHARE = 0.75

const NOTHING: readonly KeyValueChange[] = []

function newHashKey() {
  const secret = randomBytes(8)
  return { low: secret.readInt32LE(0), high: secret.readInt32LE(4) }
}

/** Sizes of the coins' store. */
export interface CoinsOptions {
  /**
   * Bytes of memory for coins. A block's changes may go beyond it, until they are written.
   * @default DEFAULT_COINS_CACHE_BYTES
   */
  readonly coinsCacheBytes?: number
  /** Bytes of coins in one batch of the key-value store. @default MAX_COINS_BATCH_BYTES */
  readonly coinsBatchBytes?: number
}

/**
 * The coins at the tip: those of the key-value store, and over them, in memory, what has changed since
 * {@link flushedBlock}. Coins that were read stay in memory as long as there is room.
 */
export class CoinsStore implements CoinsView, CoinsTarget {
  readonly limitBytes: number
  private readonly batchBytes: number
  private readonly values: KeyValueStore
  private readonly table: CoinTable
  private readonly overlaySeed = randomBytes(4).readInt32LE()
  private readonly key = new Uint8Array(new ArrayBuffer(COIN_KEY_BYTES))
  private flushing = false

  constructor(
    values: KeyValueStore,
    {
      coinsCacheBytes = DEFAULT_COINS_CACHE_BYTES,
      coinsBatchBytes = MAX_COINS_BATCH_BYTES,
    }: CoinsOptions = {},
  ) {
    this.values = values
    this.limitBytes = coinsCacheBytes
    this.batchBytes = coinsBatchBytes
    this.table = new CoinTable(coinsCacheBytes, newHashKey())
    this.key.set(COIN_PREFIX)
  }

  /** The block whose coins the key-value store has; undefined in a new store. */
  get flushedBlock(): BlockHash | undefined {
    return this.values.get(META_KEYS.bestBlock) as BlockHash | undefined
  }

  /**
   * The block whose coins were being written when the process ended: those of the key-value store are a mixture of its
   * and of {@link flushedBlock}'s. Undefined where no flush was interrupted.
   */
  get unfinishedFlush(): BlockHash | undefined {
    return this.values.get(META_KEYS.flushTarget) as BlockHash | undefined
  }

  /** All memory in use. */
  get memoryBytes(): number {
    return this.table.memoryBytes
  }

  get isOverLimit(): boolean {
    return this.memoryBytes > this.limitBytes
  }

  /** Whether {@link makeRoom} cannot keep all dirty coins in memory. */
  get mustFlush(): boolean {
    return this.isOverLimit && this.table.dirtyBytes > this.limitBytes * MAX_DIRTY_SHARE
  }

  get hasUnflushed(): boolean {
    return this.table.dirtyCount > 0
  }

  get(outPoint: OutPoint): Coin | undefined {
    const known = this.table.get(outPoint)
    if (known !== undefined) return known ?? undefined
    const bytes = this.values.get(this.keyOf(outPoint))
    if (bytes === undefined) return undefined
    const coin = decodeStored('A coin', () => parseCoin(bytes))
    if (!this.flushing) this.table.keep(outPoint, coin)
    return coin
  }

  /** Changes on top of these coins, to be kept or thrown away. */
  overlay(): CoinsCache {
    return new CoinsCache(this, this.overlaySeed)
  }

  /** @param mayOverwrite there may be an unspent coin here, in memory or in the key-value store. */
  add(outPoint: OutPoint, coin: Coin, mayOverwrite: boolean): void {
    this.table.add(outPoint, coin, !mayOverwrite)
  }

  spend(outPoint: OutPoint): void {
    this.table.spend(outPoint)
  }

  /** Forgets clean coins when there are too many; dirty ones stay, unless {@link mustFlush} was left unheeded. */
  makeRoom(): void {
    if (!this.isOverLimit) return
    for (let chunks = this.table.chunkCount; chunks > 0; chunks--) {
      if (this.memoryBytes <= this.limitBytes * ROOMY_SHARE) return
      this.table.dropOldest()
    }
  }

  /**
   * Writes the coins that changed, which are now those of `block`, in one atomic batch. Where that would be too large,
   * many batches: the first one also says what is under way, the last one that it is done. Nothing may change the
   * coins meanwhile; reading is allowed.
   */
  async flush(block: BlockHash): Promise<void> {
    await this.writeDirty(
      [{ key: META_KEYS.flushTarget, value: block }],
      [
        { key: META_KEYS.bestBlock, value: block },
        { key: META_KEYS.flushTarget, value: undefined },
      ],
    )
  }

  /** Writes the coins that changed since an interrupted flush began to be finished; it remains unfinished. */
  async spill(): Promise<void> {
    await this.writeDirty([], [])
  }

  /** An unspent output of the transaction, if it has one left. */
  async anyCoinOf(txid: TxId): Promise<Coin | undefined> {
    for (let index = 0; index < MAX_OUTPUTS; index++) {
      const coin = this.table.get({ txid, index })
      if (coin) return coin
      if (index % OUTPUTS_PER_TURN === OUTPUTS_PER_TURN - 1) await nextTurn()
    }
    for await (const [key] of this.values.entries(concatBytes(COIN_PREFIX, txid))) {
      const coin = this.get(outPointOfKey(key))
      if (coin) return coin
    }
    return undefined
  }

  /** All coins that are flushed, in the order of transaction id and index. */
  async *flushedCoins(): AsyncIterable<readonly [OutPoint, Coin]> {
    for await (const [key, bytes] of this.values.entries(COIN_PREFIX))
      yield [outPointOfKey(key), decodeStored('A coin', () => parseCoin(bytes))]
  }

  /** Bytes that the flushed coins take on the disk, roughly. */
  diskBytes(): Promise<number> {
    return this.values.diskBytes(COIN_PREFIX)
  }

  /** Made in one place: a new array for each key costs LevelDB's binding more than the look-up itself. */
  private keyOf({ txid, index }: OutPoint): Uint8Array {
    const { key } = this
    key.set(txid, COIN_PREFIX.length)
    for (let i = 1; i <= 4; i++) key[COIN_KEY_BYTES - i] = index >>> (8 * (i - 1))
    return key
  }

  /** @param first goes into the first batch, @param last into the last one, which may be the same. */
  private async writeDirty(first: readonly KeyValueChange[], last: readonly KeyValueChange[]): Promise<void> {
    this.flushing = true
    try {
      const coins = new DirtyCoins(this.table.dirtyCoins(), outPoint => this.keyOf(outPoint))
      for (let before = first; !coins.done; before = NOTHING)
        await this.values.write(coins.batch(before, this.batchBytes, last))
      this.table.markClean()
    } finally {
      this.flushing = false
    }
  }
}

function outPointOfKey(key: Uint8Array): OutPoint {
  const reader = new ByteReader(key, COIN_PREFIX.length)
  const txid = reader.readBytes(32) as TxId
  return { txid, index: reader.readUint32BE() }
}
