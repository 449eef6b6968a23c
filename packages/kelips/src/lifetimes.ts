import { RECORD_BYTES } from './limits.ts'
import type { KelipsOptions } from './options.ts'

/**
 * How long what is heard of a peer counts. With full, signed records a budget renews large tables slowly, so that all
 * times grow with the time in which the budget tells the whole table once: a record is told anew by its owner as often
 * as that makes sense, and nobody is taken for dead whose record is merely on its way.
 */
export class Lifetimes {
  /** A node signs a new heartbeat this often. */
  heartbeatMs: number
  /** A contact of whom nothing was heard for this long gives way to any that was heard of lately. */
  staleMs: number
  /** A peer of whom nothing was heard for this long is probed. */
  suspectMs: number
  /** A peer of whom nothing was heard for this long is gone. */
  memberMs: number
  private readonly options: KelipsOptions

  constructor(options: KelipsOptions) {
    this.options = options
    this.heartbeatMs = options.heartbeatIntervalMs
    this.staleMs = options.suspectAfterMs
    this.suspectMs = options.suspectAfterMs
    this.memberMs = options.memberLifetimeMs
  }

  /** The tables have this many peers now. */
  update(peers: number): void {
    const { options } = this
    const cycleMs = Math.ceil((peers * RECORD_BYTES * 1000) / options.gossipBytesPerSecond)
    this.heartbeatMs = Math.max(options.heartbeatIntervalMs, cycleMs * HEARTBEAT_CYCLES)
    this.staleMs = Math.max(options.suspectAfterMs, cycleMs * STALE_CYCLES)
    this.suspectMs = Math.max(options.suspectAfterMs, cycleMs * SUSPECT_CYCLES)
    this.memberMs = Math.max(options.memberLifetimeMs, cycleMs * LIFETIME_CYCLES)
  }
}

/** An owner's word is worth telling again when the last one has got around a part of the table. */
const HEARTBEAT_CYCLES = 0.5
const STALE_CYCLES = 3
const SUSPECT_CYCLES = 4
const LIFETIME_CYCLES = 10
