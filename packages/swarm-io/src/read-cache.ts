import { MAX_PENDING_READS, READ_CACHE_BYTES } from './limits.ts'
import { Turns } from './turns.ts'

/** What was read of files for uploads, up to {@link READ_CACHE_BYTES}; the chunks used longest ago go first. */
export class ReadCache {
  private readonly chunks = new Map<string, Uint8Array>()
  private readonly pending = new Map<string, Promise<Uint8Array>>()
  private readonly turns = new Turns(MAX_PENDING_READS)
  private bytes = 0

  /** The chunk, at once when it is here, else read by `read`. */
  get(key: string, read: () => Promise<Uint8Array>): Uint8Array | Promise<Uint8Array> {
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

  private begin(key: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const result = this.turns.take(read).then(
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
      this.remove(oldest)
    }
  }

  private remove(key: string): void {
    this.bytes -= this.chunks.get(key)?.length ?? 0
    this.chunks.delete(key)
  }
}
