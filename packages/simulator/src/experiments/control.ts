/** How far a run is. */
export interface Progress {
  readonly stage: 'building' | 'joining' | 'publishing' | 'settling' | 'measuring' | 'ending'
  /** Of the building of the network, or by virtual time of the rest, 0 to 1. */
  readonly share: number
  /** Virtual minutes measured so far. */
  readonly minutes: number
  readonly nodes: number
  readonly lookups: number
  readonly successShare: number
  readonly events: number
}

/** What a run is told from outside, and tells. */
export interface RunControl {
  readonly onProgress?: (progress: Progress) => void
  /** Looked at every little while: true ends the run with what there is. */
  readonly isInterrupted?: () => boolean
}
