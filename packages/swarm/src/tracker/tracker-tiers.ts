import { type RandomSource, shuffled } from '@onehop/primitives'
import type { TrackerStatus } from './announce.ts'
import { MAX_TRACKER_URL_CHARACTERS, MAX_TRACKERS } from './limits.ts'
import { type DueAnnounce, type Tracker, TrackerTier } from './tracker-tier.ts'

const SCHEME = /^(?:https?|udp):\/\/[^\s/]/i

/** Whether we can ask a tracker of this URL: HTTP, HTTPS or UDP. */
export function isTrackerUrl(url: string): boolean {
  return url.length <= MAX_TRACKER_URL_CHARACTERS && SCHEME.test(url)
}

/**
 * All trackers of a torrent. The tiers are asked side by side, so that a dead tracker in one holds up none of the
 * others; within a tier one tracker that answers is enough (BEP 12).
 */
export class TrackerTiers {
  private readonly random: RandomSource
  private readonly tiers: TrackerTier[] = []
  private readonly urls = new Set<string>()

  constructor(random: RandomSource) {
    this.random = random
  }

  /** Adds tiers after those that are there. What is known already, or is no tracker for us, is left out. */
  add(tiers: readonly (readonly string[])[], nowMs: number): void {
    for (const tier of tiers) {
      const fresh: string[] = []
      for (const url of tier.map(each => each.trim())) {
        if (!isTrackerUrl(url) || this.urls.has(url) || this.urls.size >= MAX_TRACKERS) continue
        this.urls.add(url)
        fresh.push(url)
      }
      if (fresh.length > 0) this.tiers.push(new TrackerTier(shuffled(this.random, fresh), nowMs))
    }
  }

  /** When something is due next; infinite when nothing is. */
  get nextMs(): number {
    return Math.min(...this.tiers.map(tier => tier.nextMs))
  }

  /** What is due now, each with the tier that wants to hear how it went. */
  take(nowMs: number): { readonly tier: TrackerTier; readonly due: DueAnnounce }[] {
    return this.tiers.flatMap(tier => {
      const due = tier.take(nowMs)
      return due ? [{ tier, due }] : []
    })
  }

  /** Begins anew with all. */
  restart(nowMs: number): void {
    for (const tier of this.tiers) tier.restart(nowMs)
  }

  completed(nowMs: number): void {
    for (const tier of this.tiers) tier.completed(nowMs)
  }

  needPeers(nowMs: number): void {
    for (const tier of this.tiers) tier.needPeers(nowMs)
  }

  /** Those who know us: each is to hear `stopped`. Nothing is due from then on. */
  leave(): Tracker[] {
    return this.tiers.flatMap(tier => tier.leave())
  }

  status(): TrackerStatus[] {
    return this.tiers.flatMap((tier, index) => tier.status(index))
  }
}
