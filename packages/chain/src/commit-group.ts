import type { BlockEntry } from './block-index.ts'
import { MAX_UNCOMMITTED_BYTES, MAX_UNCOMMITTED_STEPS } from './limits.ts'

/** What has happened since the last commit, and who waits for the next one. */
export class CommitGroup {
  private readonly entries = new Set<BlockEntry>()
  private announcements: (() => void)[] = []
  private waiting: PromiseWithResolvers<void> | undefined
  private steps = 0
  private bytes = 0

  /** Whether nothing has happened. */
  get isEmpty(): boolean {
    return this.entries.size === 0 && this.steps === 0
  }

  /** Whether it is time for a commit although others wait to join. */
  get isFull(): boolean {
    return this.steps >= MAX_UNCOMMITTED_STEPS || this.bytes >= MAX_UNCOMMITTED_BYTES
  }

  /** The entry has changed. */
  touch(entry: BlockEntry): void {
    this.entries.add(entry)
  }

  /** The tip has moved over a block of so many bytes, which is kept in memory until it is announced. */
  step(blockBytes: number): void {
    this.steps += 1
    this.bytes += blockBytes
  }

  /** Runs when all that has happened is committed. */
  announce(announcement: () => void): void {
    if (this.isEmpty && this.announcements.length === 0) announcement()
    else this.announcements.push(announcement)
  }

  /** Resolves when all that has happened is committed. */
  async committed(): Promise<void> {
    if (this.isEmpty) return
    this.waiting ??= Promise.withResolvers()
    await this.waiting.promise
  }

  /** The entries that changed, in the order in which they first did. */
  changedEntries(): BlockEntry[] {
    return [...this.entries]
  }

  /** All is committed. */
  finish(): void {
    const { announcements, waiting } = this
    this.entries.clear()
    this.announcements = []
    this.waiting = undefined
    this.steps = 0
    this.bytes = 0
    for (const announcement of announcements) announcement()
    waiting?.resolve()
  }

  /** Nobody knows what is committed, and nothing more will be. */
  fail(reason: Error): void {
    this.waiting?.reject(reason)
  }
}
