import type { BlockHash, BlockHeader, ChainParameters } from '@onehop/ledger'
import { assertDefined, ByteWriter, concatBytes, equalBytes, readAll, sha256d } from '@onehop/primitives'
import { type CoinsOptions, CoinsStore } from './coins/coins-store.ts'
import { decodeStored, NewerFormatError, StoreCorruptError, WrongNetworkError } from './errors.ts'
import type { FileEnds, FileKind } from './pruning.ts'
import type { KeyValueChange, KeyValueStore, Storage } from './storage/port.ts'
import {
  parseRecordEnd,
  RECORD_HEADER_BYTES,
  RecordFiles,
  type RecordLocation,
  recordFileName,
  serializeRecordEnd,
} from './storage/record-files.ts'
import {
  ENTRY_PREFIX,
  entryKey,
  FORMAT_VERSION,
  type IndexEntry,
  META_KEYS,
  parseIndexEntry,
  serializeIndexEntry,
} from './store-format.ts'

const CHECKSUM_BYTES = 32
const BLOCK_FILES = 'blk'
const UNDO_FILES = 'rev'
const START = { file: 0, lengthBytes: 0 }

/** What becomes true at once, or not at all. */
export interface StoreBatch {
  readonly entries: readonly (readonly [BlockHash, IndexEntry])[]
  /** Headers that are forgotten, unless they are among the entries. */
  readonly removed?: readonly BlockHash[]
  /** The last block of the active chain. */
  readonly tip: BlockHash
}

/** Sizes of a store. */
export interface ChainStoreOptions extends CoinsOptions {
  /** Bytes of a block or undo file. @default MAX_RECORD_FILE_BYTES */
  readonly maxFileBytes?: number
}

/**
 * Blocks, undo data and the index. What a {@link commit} writes is acknowledged as a whole: files are synced first,
 * then one atomic and synced batch makes it count. The coins may lag behind: {@link flushCoins}.
 */
export class ChainStore {
  readonly coins: CoinsStore
  private readonly storage: Storage
  private readonly values: KeyValueStore
  private readonly blocks: RecordFiles
  private readonly undos: RecordFiles
  private blocksDirty = false
  private undosDirty = false
  private writing = false

  private upgrade: boolean

  private constructor(storage: Storage, blocks: RecordFiles, undos: RecordFiles, coins: CoinsStore) {
    this.storage = storage
    this.values = storage.values
    this.blocks = blocks
    this.undos = undos
    this.coins = coins
    this.upgrade = formatOf(storage) !== FORMAT_VERSION
  }

  /** @throws {WrongNetworkError | NewerFormatError | StoreCorruptError} */
  static async open(
    storage: Storage,
    parameters: ChainParameters,
    options: ChainStoreOptions = {},
  ): Promise<ChainStore> {
    if (formatOf(storage) === undefined) await checkIsNew(storage, parameters)
    else checkFormat(storage, parameters)
    const files = (prefix: string, endKey: Uint8Array) => {
      const stored = storage.values.get(endKey)
      const end = stored === undefined ? START : decodeStored('The store', () => parseRecordEnd(stored))
      return RecordFiles.open(storage, { ...options, prefix, magic: parameters.magic, end })
    }
    const blocks = await files(BLOCK_FILES, META_KEYS.blocksEnd)
    const undos = await files(UNDO_FILES, META_KEYS.undosEnd)
    return new ChainStore(storage, blocks, undos, new CoinsStore(storage.values, options))
  }

  /** Whether a write has failed (or is under way), so that nobody knows how much of it has happened. */
  get isUnsure(): boolean {
    return this.writing
  }

  /** Whether it was made just now, and lacks even the first block. */
  get isNew(): boolean {
    return this.coins.flushedBlock === undefined
  }

  /** The last block of the acknowledged chain. */
  tip(): BlockHash {
    // Format 1 had no tip of its own: the coins were always those of the tip.
    const tip = this.values.get(META_KEYS.tip) ?? this.coins.flushedBlock
    return assertDefined(tip, 'a store that is not new has a tip') as BlockHash
  }

  /** All index entries, in the order of their hashes. */
  async *entries(): AsyncIterable<IndexEntry> {
    for await (const [, bytes] of this.values.entries(ENTRY_PREFIX))
      yield decodeStored('The block index', () => parseIndexEntry(bytes))
  }

  /** Counts after the next {@link commit}. */
  async appendBlock(bytes: Uint8Array): Promise<RecordLocation> {
    this.blocksDirty = true
    return this.settled(this.blocks.append(bytes))
  }

  /** Counts after the next {@link commit}. The parent's hash is part of the checksum, as in Bitcoin Core. */
  async appendUndo(bytes: Uint8Array, parent: BlockHash): Promise<RecordLocation> {
    this.undosDirty = true
    return this.settled(this.undos.append(bytes, undoChecksum(bytes, parent)))
  }

  /** Returns when the batch, and all that was appended, would survive a loss of power. */
  async commit(batch: StoreBatch): Promise<void> {
    await this.settled(this.write(changesOf(batch)))
  }

  /** Writes the coins, which are those of this block. It must be committed before. */
  async flushCoins(block: BlockHash): Promise<void> {
    await this.settled(this.coins.flush(block))
  }

  /** Writes the coins of a block on the way to the target of an interrupted flush. */
  async spillCoins(): Promise<void> {
    await this.settled(this.coins.spill())
  }

  /** Makes a new store one of this network, with its first block. */
  async initialize(genesisHash: BlockHash, header: BlockHeader, bytes: Uint8Array): Promise<IndexEntry> {
    const block = await this.appendBlock(bytes)
    const marks = { pruned: false, connected: false, failed: false, invalidated: false }
    const entry: IndexEntry = { header, height: 0, block, transactions: 1, ...marks }
    await this.write([
      ...changesOf({ entries: [[genesisHash, entry]], tip: genesisHash }),
      { key: META_KEYS.bestBlock, value: genesisHash },
      { key: META_KEYS.genesis, value: genesisHash },
    ])
    return entry
  }

  private async settled<T>(write: Promise<T>): Promise<T> {
    this.writing = true
    const result = await write
    this.writing = false
    return result
  }

  /** Files first, then the batch that makes their new ends count. */
  private async write(changes: KeyValueChange[]): Promise<void> {
    const { blocks, undos, blocksDirty, undosDirty } = this
    await Promise.all([blocksDirty && blocks.sync(), undosDirty && undos.sync()])
    if (blocksDirty) changes.push({ key: META_KEYS.blocksEnd, value: serializeRecordEnd(blocks.end) })
    if (undosDirty) changes.push({ key: META_KEYS.undosEnd, value: serializeRecordEnd(undos.end) })
    if (this.upgrade) changes.push({ key: META_KEYS.format, value: serializeFormat(FORMAT_VERSION) })
    await this.values.write(changes)
    this.upgrade = false
    this.blocksDirty = false
    this.undosDirty = false
  }

  /** Where the files that are written to end. */
  get fileEnds(): FileEnds {
    return { block: this.blocks.end, undo: this.undos.end }
  }

  /** Deletes a finished file. No stored index entry may name it any more. */
  async removeFile(kind: FileKind, number: number): Promise<void> {
    await (kind === 'block' ? this.blocks : this.undos).remove(number)
  }

  /** The block's bytes. @throws {StoreCorruptError} */
  readBlock(location: RecordLocation): Promise<Uint8Array> {
    return this.blocks.read(location)
  }

  /** The undo data's bytes. @throws {StoreCorruptError} when their checksum does not hold, too. */
  async readUndo(location: RecordLocation, parent: BlockHash): Promise<Uint8Array> {
    const record = await this.undos.read(location)
    const bytes = record.subarray(0, record.length - CHECKSUM_BYTES)
    const checksum = record.subarray(record.length - CHECKSUM_BYTES)
    if (!equalBytes(checksum, undoChecksum(bytes, parent)))
      throw new StoreCorruptError(`Undo data in ${this.storage.description} fail their checksum.`)
    return bytes
  }

  async close(): Promise<void> {
    await this.blocks.close()
    await this.undos.close()
  }
}

function undoChecksum(bytes: Uint8Array, parent: BlockHash): Uint8Array {
  return sha256d(concatBytes(parent, bytes))
}

function changesOf({ entries, removed = [], tip }: StoreBatch): KeyValueChange[] {
  const changes: KeyValueChange[] = removed.map(hash => ({ key: entryKey(hash), value: undefined }))
  for (const [hash, entry] of entries)
    changes.push({ key: entryKey(hash), value: serializeIndexEntry(entry) })
  changes.push({ key: META_KEYS.tip, value: tip })
  return changes
}

function serializeFormat(version: number): Uint8Array {
  return new ByteWriter(4).writeUint32(version).toBytes()
}

/** Undefined in a store that was made just now. */
function formatOf({ values, description }: Storage): number | undefined {
  const bytes = values.get(META_KEYS.format)
  return (
    bytes && decodeStored(`The format of ${description}`, () => readAll(bytes, reader => reader.readUint32()))
  )
}

/** The files of a store that was killed while it was made hold at most the first block: more must not be cut off. */
async function checkIsNew(storage: Storage, { genesis }: ChainParameters): Promise<void> {
  const file = await storage.openFile(recordFileName(BLOCK_FILES, 0))
  const { lengthBytes } = file
  await file.close()
  if (lengthBytes > RECORD_HEADER_BYTES + genesis.totalSize)
    throw new StoreCorruptError(`There are blocks in ${storage.description}, but their index is gone.`)
}

function checkFormat(storage: Storage, { name, genesis }: ChainParameters): void {
  const found = formatOf(storage) ?? 0
  if (found > FORMAT_VERSION) throw new NewerFormatError(storage.description, found, FORMAT_VERSION)
  const stored = storage.values.get(META_KEYS.genesis)
  if (stored === undefined || !equalBytes(stored, genesis.hash))
    throw new WrongNetworkError(storage.description, name)
}
