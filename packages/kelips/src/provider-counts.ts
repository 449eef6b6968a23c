import type { PeerId } from '@onehop/overlay'

/** So many providers' pointers can be counted apart, which is more than could fill the table together. */
const COUNTERS = 4_096

/**
 * Counts pointers by provider, never too few: providers whose ids have the same hash are counted together. Takes
 * 16 KiB, however many they are.
 */
export class ProviderCounts {
  private readonly counts = new Uint32Array(COUNTERS)

  get byteLength(): number {
    return this.counts.byteLength
  }

  of(provider: PeerId): number {
    return this.counts[counterOf(provider)]!
  }

  add(provider: PeerId, change: number): void {
    this.counts[counterOf(provider)]! += change
  }
}

/** The last bytes of an id are those of a key or of a digest. */
function counterOf(provider: PeerId): number {
  const end = provider.length
  return ((provider[end - 1] ?? 0) + (provider[end - 2] ?? 0) * 256) % COUNTERS
}
