import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { DatadirInUseError } from '../errors.ts'
import { LevelStore } from './level-store.ts'
import type { AppendFile, KeyValueStore, Storage } from './port.ts'

const BLOCKS_FOLDER = 'blocks'
const CHAINSTATE_FOLDER = 'chainstate'

class DiskFile implements AppendFile {
  private readonly handle: FileHandle
  private length: number

  constructor(handle: FileHandle, length: number) {
    this.handle = handle
    this.length = length
  }

  get lengthBytes(): number {
    return this.length
  }

  async append(bytes: Uint8Array): Promise<void> {
    let written = 0
    while (written < bytes.length) {
      const rest = bytes.length - written
      const { bytesWritten } = await this.handle.write(bytes, written, rest, this.length + written)
      written += bytesWritten
    }
    this.length += bytes.length
  }

  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(lengthBytes)
    let filled = 0
    while (filled < lengthBytes) {
      const { bytesRead } = await this.handle.read(bytes, filled, lengthBytes - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  }

  async truncate(lengthBytes: number): Promise<void> {
    await this.handle.truncate(lengthBytes)
    this.length = lengthBytes
  }

  async sync(): Promise<void> {
    await this.handle.datasync()
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

/** A new file survives a loss of power only when its folder's entry was synced too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Windows cannot sync a folder, and does not need to.
    if (process.platform !== 'win32') throw error
  } finally {
    await handle.close()
  }
}

async function openReadWrite(folder: string, name: string): Promise<FileHandle> {
  const path = join(folder, name)
  try {
    return await open(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const handle = await open(path, 'w+')
  await syncFolder(folder)
  return handle
}

function isLockedError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ((error as NodeJS.ErrnoException).code === 'LEVEL_LOCKED') return true
  return isLockedError(error.cause)
}

async function openLevel(datadir: string): Promise<ClassicLevel<Uint8Array, Uint8Array>> {
  // Ids and hashes do not compress (Core does not try either); what an older onehop compressed is read all the same.
  const options = { keyEncoding: 'view', valueEncoding: 'view', compression: false } as const
  const level = new ClassicLevel<Uint8Array, Uint8Array>(join(datadir, CHAINSTATE_FOLDER), options)
  try {
    await level.open()
  } catch (error) {
    throw isLockedError(error) ? new DatadirInUseError(datadir) : error
  }
  return level
}

/**
 * A chain's storage on disk: files in `blocks/`, a LevelDB in `chainstate/`. LevelDB's lock on `chainstate/LOCK`
 * keeps other processes out; the operating system frees it when the process ends, also by kill -9.
 */
export class DiskStorage implements Storage {
  readonly description: string
  readonly values: KeyValueStore
  private readonly folder: string

  private constructor(datadir: string, values: KeyValueStore) {
    this.description = datadir
    this.values = values
    this.folder = join(datadir, BLOCKS_FOLDER)
  }

  /**
   * Opens the datadir, made when it is not there.
   * @throws {DatadirInUseError} when another process (or another chain of this one) has it open.
   */
  static async open(datadir: string): Promise<DiskStorage> {
    await mkdir(join(datadir, BLOCKS_FOLDER), { recursive: true })
    const values = new LevelStore(await openLevel(datadir), { copies: true })
    await syncFolder(datadir)
    return new DiskStorage(datadir, values)
  }

  async openFile(name: string): Promise<AppendFile> {
    const handle = await openReadWrite(this.folder, name)
    const { size } = await handle.stat()
    return new DiskFile(handle, size)
  }

  async removeFile(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true })
  }

  async close(): Promise<void> {
    await this.values.close()
  }
}
