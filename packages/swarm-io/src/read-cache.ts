import { unfilledBytes } from './file-pieces.ts'
import { MAX_PENDING_READS, READ_CACHE_BYTES, READ_CHUNK_BYTES } from './limits.ts'
import { Turns } from './turns.ts'

/** Reads a chunk into the memory. @returns what it filled. */
type ReadChunk = (memory: Uint8Array) => Promise<Uint8Array>

/**
 * What was read of files for uploads, up to {@link READ_CACHE_BYTES}; the chunks used longest ago go first. Their memory
 * is used again: a chunk may be looked at in the turn of the event loop in which it is given, and not later.
 */
export class ReadCache {
  private readonly chunks = new Map<string, Uint8Array>()
  private readonly pending = new Map<string, Promise<Uint8Array>>()
  private readonly turns = new Turns(MAX_PENDING_READS)
  private readonly spare: Uint8Array[] = []
  private bytes = 0

  /** The chunk, at once when it is here, else read by `read` into the memory that it is given, or a part of it. */
  get(key: string, read: ReadChunk): Uint8Array | Promise<Uint8Array> {
    const chunk = this.chunks.get(key)
    if (chunk) {
      this.chunks.delete(key)
      this.chunks.set(key, chunk)
      return chunk
    }
    return this.pending.get(key) ?? this.begin(key, read)
  }

  /** What the key stands for has changed: neither what is here nor what is being read may be used again. */
  invalidate(key: string): void {
    this.remove(key)
    this.pending.delete(key)
  }

  private begin(key: string, read: ReadChunk): Promise<Uint8Array> {
    const memory = () => this.spare.pop() ?? unfilledBytes(READ_CHUNK_BYTES)
    const result = this.turns
      .take(() => read(memory()))
      .then(
        chunk => {
          if (this.pending.get(key) === result) this.keep(key, chunk)
          return chunk
        },
        (error: unknown) => {
          if (this.pending.get(key) === result) this.pending.delete(key)
          throw error
        },
      )
    this.pending.set(key, result)
    return result
  }

  private keep(key: string, chunk: Uint8Array): void {
    this.pending.delete(key)
    this.chunks.set(key, chunk)
    this.bytes += chunk.length
    for (const oldest of this.chunks.keys()) {
      if (this.bytes <= READ_CACHE_BYTES) break
      this.reuse(this.chunks.get(oldest)!)
      this.remove(oldest)
    }
  }

  /** In a later turn, when nobody looks at it any more. */
  private reuse(chunk: Uint8Array): void {
    if (chunk.length < READ_CHUNK_BYTES) return
    setImmediate(() => {
      if (this.spare.length < MAX_PENDING_READS) this.spare.push(chunk)
    })
  }

  private remove(key: string): void {
    this.bytes -= this.chunks.get(key)?.length ?? 0
    this.chunks.delete(key)
  }
}
