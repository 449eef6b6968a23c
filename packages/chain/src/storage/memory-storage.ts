import { MemoryLevel } from 'memory-level'
import { LevelStore } from './level-store.ts'
import type { AppendFile, KeyValueStore, Storage } from './port.ts'

const INITIAL_CAPACITY_BYTES = 64 * 1024

class MemoryFile implements AppendFile {
  private buffer = new Uint8Array(INITIAL_CAPACITY_BYTES)
  private used = 0

  get lengthBytes(): number {
    return this.used
  }

  async append(bytes: Uint8Array): Promise<void> {
    const needed = this.used + bytes.length
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.buffer.length * 2))
      larger.set(this.buffer.subarray(0, this.used))
      this.buffer = larger
    }
    this.buffer.set(bytes, this.used)
    this.used = needed
  }

  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    return this.buffer.slice(offset, Math.min(offset + lengthBytes, this.used))
  }

  async truncate(lengthBytes: number): Promise<void> {
    this.used = Math.min(this.used, lengthBytes)
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}

/** A chain's storage in memory, gone with the last reference to it. Closing it loses nothing: it can be opened again. */
export class MemoryStorage implements Storage {
  readonly description = 'memory'
  readonly values: KeyValueStore
  private readonly files = new Map<string, MemoryFile>()

  private constructor(values: KeyValueStore) {
    this.values = values
  }

  /** A new, empty one. */
  static async open(): Promise<MemoryStorage> {
    const encodings = { keyEncoding: 'view', valueEncoding: 'view', storeEncoding: 'view' } as const
    const level = new MemoryLevel<Uint8Array, Uint8Array>(encodings)
    await level.open()
    return new MemoryStorage(new LevelStore(level, { copies: false }))
  }

  async openFile(name: string): Promise<AppendFile> {
    const file = this.files.get(name) ?? new MemoryFile()
    this.files.set(name, file)
    return file
  }

  async removeFile(name: string): Promise<void> {
    this.files.delete(name)
  }

  async close(): Promise<void> {}
}
