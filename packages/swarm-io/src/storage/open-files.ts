import type { FileHandle } from 'node:fs/promises'
import { MAX_OPEN_FILES } from './limits.ts'

/** A file in use: to be given back with {@link OpenFiles.release}. */
export interface OpenFile {
  readonly handle: FileHandle
}

interface Entry {
  readonly opening: Promise<FileHandle>
  users: number
  file?: OpenFile
  /** Called when nobody uses it any more. */
  onFree?: () => void
}

/** The open files of the process, up to {@link MAX_OPEN_FILES}; those used longest ago are closed. */
export class OpenFiles {
  private readonly entries = new Map<string, Entry>()
  private readonly byFile = new Map<OpenFile, Entry>()

  /** @param open opens the file when it is not open. */
  async take(path: string, open: () => Promise<FileHandle>): Promise<OpenFile> {
    const entry = this.entries.get(path) ?? { opening: open(), users: 0 }
    // Last in the order of use.
    this.entries.delete(path)
    this.entries.set(path, entry)
    entry.users++
    try {
      const handle = await entry.opening
      entry.file ??= { handle }
    } catch (error) {
      if (this.entries.get(path) === entry) this.entries.delete(path)
      this.leave(entry)
      throw error
    }
    this.byFile.set(entry.file, entry)
    this.closeUnused()
    return entry.file
  }

  release(file: OpenFile): void {
    this.leave(this.byFile.get(file)!)
    this.closeUnused()
  }

  private leave(entry: Entry): void {
    if (--entry.users === 0) entry.onFree?.()
  }

  private closeUnused(): void {
    if (this.entries.size <= MAX_OPEN_FILES) return
    for (const [path, entry] of this.entries) {
      if (entry.users > 0 || !entry.file) continue
      this.entries.delete(path)
      this.byFile.delete(entry.file)
      // What was written is not lost with the descriptor, and was asked for to be synced by its path.
      void entry.file.handle.close().catch(() => {})
      if (this.entries.size <= MAX_OPEN_FILES) return
    }
  }

  /** Closes a file as soon as nobody uses it. Whoever takes the path meanwhile opens it anew. */
  async close(path: string): Promise<void> {
    const entry = this.entries.get(path)
    if (!entry) return
    this.entries.delete(path)
    const handle = await entry.opening.catch(() => undefined)
    if (entry.users > 0) await new Promise<void>(resolve => Object.assign(entry, { onFree: resolve }))
    if (entry.file) this.byFile.delete(entry.file)
    await handle?.close()
  }
}

/** Those of this process: the system's limit is for all sessions in it. */
export const openFiles = new OpenFiles()
