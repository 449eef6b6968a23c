import { bytesToHex, hexToBytes } from '@onehop/primitives'
import type { AppendFile, KeyValueChange, KeyValueStore, Storage } from '../../src/index.ts'

/** What the process that used the storage dies of. */
export class CrashError extends Error {
  override name = 'CrashError'
}

/** When the write that kills the process has its effect. */
export type CrashMode = 'before the write' | 'in the middle of the write' | 'after the write'

interface FileState {
  bytes: Uint8Array
  /** Bytes that survive a loss of power. */
  syncedLength: number
}

/** What is on the disk. */
interface DiskState {
  readonly files: Map<string, FileState>
  /** Hexadecimal, so that the order of keys is theirs. */
  readonly values: Map<string, Uint8Array>
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** A storage in memory whose n-th write kills the process; what was not synced may then be lost. */
export class CrashingStorage implements Storage {
  readonly description = 'a crashing disk'
  readonly values: KeyValueStore
  /** Writes so far: appends, truncations, syncs, batches. */
  writes = 0
  /** Batches of values among them. */
  batches = 0
  private readonly state: DiskState
  private readonly crashAt: number
  private readonly mode: CrashMode

  constructor(crashAt = Number.POSITIVE_INFINITY, mode: CrashMode = 'before the write', state?: DiskState) {
    this.crashAt = crashAt
    this.mode = mode
    this.state = state ?? { files: new Map(), values: new Map() }
    this.values = new CrashingValues(this, this.state.values)
  }

  /** The same disk for the next process, which crashes at its own n-th write. */
  next(crashAt?: number, mode?: CrashMode): CrashingStorage {
    return new CrashingStorage(crashAt, mode, this.copyState())
  }

  /** The disk after a loss of power: of the bytes that were not synced, the first half is there. */
  afterPowerLoss(): CrashingStorage {
    const { files, values } = this.copyState()
    for (const file of files.values()) {
      const kept = file.syncedLength + Math.floor((file.bytes.length - file.syncedLength) / 2)
      file.bytes = file.bytes.slice(0, kept)
    }
    return new CrashingStorage(undefined, undefined, { files, values })
  }

  /** Runs one write, whole, halfway or not at all. */
  async write(whole: () => void, half: () => void): Promise<void> {
    await Promise.resolve()
    this.writes += 1
    if (this.writes < this.crashAt) return whole()
    if (this.writes === this.crashAt && this.mode === 'in the middle of the write') half()
    if (this.writes === this.crashAt && this.mode === 'after the write') whole()
    throw new CrashError(`the process died at write ${this.crashAt}, ${this.mode}`)
  }

  async openFile(name: string): Promise<AppendFile> {
    const state = this.state.files.get(name) ?? { bytes: new Uint8Array(0), syncedLength: 0 }
    this.state.files.set(name, state)
    return new CrashingFile(this, state)
  }

  removeFile(name: string): Promise<void> {
    return this.write(
      () => this.state.files.delete(name),
      () => undefined,
    )
  }

  /** The names of all files, in order. */
  fileNames(): string[] {
    return [...this.state.files.keys()].sort()
  }

  async close(): Promise<void> {}

  private copyState(): DiskState {
    const files = new Map(Array.from(this.state.files, ([name, state]) => [name, { ...state }]))
    return { files, values: new Map(this.state.values) }
  }
}

class CrashingFile implements AppendFile {
  private readonly storage: CrashingStorage
  private readonly state: FileState

  constructor(storage: CrashingStorage, state: FileState) {
    this.storage = storage
    this.state = state
  }

  get lengthBytes(): number {
    return this.state.bytes.length
  }

  append(bytes: Uint8Array): Promise<void> {
    const { state } = this
    const add = (length: number) => {
      state.bytes = join(state.bytes, bytes.subarray(0, length))
    }
    return this.storage.write(
      () => add(bytes.length),
      () => add(bytes.length >> 1),
    )
  }

  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    return this.state.bytes.slice(offset, offset + lengthBytes)
  }

  truncate(lengthBytes: number): Promise<void> {
    const { state } = this
    const cut = () => {
      state.bytes = state.bytes.slice(0, lengthBytes)
      state.syncedLength = Math.min(state.syncedLength, lengthBytes)
    }
    return this.storage.write(cut, cut)
  }

  sync(): Promise<void> {
    const { state } = this
    const sync = (length: number) => {
      state.syncedLength = Math.max(state.syncedLength, length)
    }
    return this.storage.write(
      () => sync(state.bytes.length),
      () => sync((state.syncedLength + state.bytes.length) >> 1),
    )
  }

  async close(): Promise<void> {}
}

class CrashingValues implements KeyValueStore {
  private readonly storage: CrashingStorage
  private readonly values: Map<string, Uint8Array>

  constructor(storage: CrashingStorage, values: Map<string, Uint8Array>) {
    this.storage = storage
    this.values = values
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.values.get(bytesToHex(key))
  }

  /** Atomic, as the port asks: nothing happens halfway. */
  write(changes: Iterable<KeyValueChange>): Promise<void> {
    const apply = () => {
      for (const { key, value } of changes) {
        if (value === undefined) this.values.delete(bytesToHex(key))
        else this.values.set(bytesToHex(key), value.slice())
      }
      this.storage.batches += 1
    }
    return this.storage.write(apply, () => undefined)
  }

  async *entries(prefix: Uint8Array): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const wanted = bytesToHex(prefix)
    const keys = Array.from(this.values.keys()).filter(key => key.startsWith(wanted))
    for (const key of keys.sort()) yield [hexToBytes(key), this.values.get(key) ?? new Uint8Array(0)]
  }

  async diskBytes(): Promise<number> {
    return 0
  }

  async close(): Promise<void> {}
}
