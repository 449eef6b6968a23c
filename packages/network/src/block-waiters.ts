import { bytesKey } from '@onehop/primitives'
import { BLOCK_ARRIVAL_WAIT_MS } from './limits.ts'

/** Those who wait for blocks that are on their way. */
export class BlockWaiters {
  private readonly waiters = new Map<string, Set<() => void>>()

  /** Resolves when the block is here, and after a short time in any case. */
  wait(hash: Uint8Array): Promise<void> {
    const key = bytesKey(hash)
    return new Promise(resolve => {
      const waiting = this.waiters.get(key) ?? new Set()
      this.waiters.set(key, waiting)
      const release = () => {
        clearTimeout(timer)
        waiting.delete(release)
        if (waiting.size === 0) this.waiters.delete(key)
        resolve()
      }
      const timer = setTimeout(release, BLOCK_ARRIVAL_WAIT_MS)
      waiting.add(release)
    })
  }

  release(key: string): void {
    for (const release of [...(this.waiters.get(key) ?? [])]) release()
  }

  releaseAll(): void {
    for (const key of [...this.waiters.keys()]) this.release(key)
  }
}
