import type { BlockEntry } from './block-index.ts'

/**
 * Headers whose blocks nobody has shown. On a network where proof of work costs nothing, anyone can make any number of
 * them: they are charged to whom they came from.
 */
export class UnprovenHeaders {
  private readonly bySource = new Map<string, Set<BlockEntry>>()
  private count = 0

  /** How many there are at most; some may have been proven meanwhile. */
  get size(): number {
    return this.count
  }

  add(entry: BlockEntry, source: string): void {
    const entries = this.bySource.get(source) ?? new Set()
    this.bySource.set(source, entries)
    this.count += entries.has(entry) ? 0 : 1
    entries.add(entry)
  }

  /** How many the source is charged for. */
  countOf(source: string): number {
    return this.bySource.get(source)?.size ?? 0
  }

  /** Discharges the source of those whose blocks have come. */
  settle(source: string): void {
    const entries = this.bySource.get(source)
    if (entries === undefined) return
    for (const entry of entries) if (isProven(entry)) entries.delete(entry)
    this.recount()
  }

  settleAll(): void {
    for (const source of [...this.bySource.keys()]) this.settle(source)
  }

  /** Those of the source that is charged for most. It is charged for none of them any more. */
  takeHeaviest(): BlockEntry[] {
    const [heaviest] = [...this.bySource].sort(([, a], [, b]) => b.size - a.size)
    if (heaviest === undefined) return []
    this.bySource.delete(heaviest[0])
    this.recount()
    return [...heaviest[1]]
  }

  private recount(): void {
    this.count = 0
    for (const [source, { size }] of this.bySource) {
      if (size === 0) this.bySource.delete(source)
      this.count += size
    }
  }
}

function isProven({ block, linked }: BlockEntry): boolean {
  return block !== undefined || linked
}
