import { BandwidthLimit } from '@onehop/swarm'
import type { LimitChanges } from '../session-types.ts'
import { reachedGoal } from './seeding-goals.ts'
import type { TorrentCounters, TorrentSettings } from './torrent-settings.ts'

/** How fast a torrent may be, and how long it seeds. */
export class TorrentLimits {
  readonly upload: BandwidthLimit
  readonly download: BandwidthLimit
  private readonly settings: TorrentSettings
  private readonly counters: TorrentCounters
  private isPastGoal = false

  constructor(settings: TorrentSettings, counters: TorrentCounters, nowMs: number) {
    this.settings = settings
    this.counters = counters
    this.upload = new BandwidthLimit(nowMs)
    this.download = new BandwidthLimit(nowMs)
  }

  /** Changes hold from now on; goals that are reached already are looked at anew. */
  change(changes: LimitChanges, nowMs: number): void {
    this.isPastGoal = false
    const said = Object.entries(changes).filter(([, value]) => value !== undefined)
    const kept = Object.entries({ ...this.settings.limits, ...Object.fromEntries(said) })
    this.settings.limits = Object.fromEntries(kept.filter(([, value]) => value !== null))
    this.apply(nowMs)
  }

  /** What the settings say holds from now on. */
  apply(nowMs: number): void {
    const { uploadBytesPerSecond, downloadBytesPerSecond } = this.settings.limits
    this.upload.setRate(uploadBytesPerSecond, nowMs)
    this.download.setRate(downloadBytesPerSecond, nowMs)
  }

  /** It was seeded a while longer. @returns the goal that this has reached, as a sentence. */
  onSeeded(spanMs: number, contentBytes: number): string | undefined {
    const { counters, settings } = this
    counters.seedingMs += spanMs
    return this.isPastGoal ? undefined : reachedGoal(settings.limits, counters, contentBytes)
  }

  /** Who resumes a torrent wants it to go on beyond the goals that it has reached. */
  onResumed(contentBytes: number): void {
    this.isPastGoal = reachedGoal(this.settings.limits, this.counters, contentBytes) !== undefined
  }
}
