import type { BandwidthLimit } from '../bandwidth/bandwidth-limit.ts'

/** Bounds on bytes per second of a torrent: its own, and those that it shares with others. All of a list hold. */
export interface TransferLimits {
  readonly upload: readonly BandwidthLimit[]
  readonly download: readonly BandwidthLimit[]
}
