import {
  BLOCK_BYTES,
  MAX_UPLOAD_WINDOW_MS,
  MIN_UPLOAD_WINDOW_BLOCKS,
  MIN_UPLOAD_WINDOW_MS,
  UPLOAD_PEAK_MEMORY_MS,
} from '../limits.ts'

/** Sending at less than this part of the peak is not what the link bounds. */
const NEARLY_FULL = 0.92

/** What the spill changes by after a window. */
const SPILL_STEP = 0.125

/** One window of so many tries whether the link carries more, and the next ones too while it does. */
const PROBE_EVERY = 12

/** How much more is tried. */
const PROBE_FACTOR = 2

/** A probe that found so much more is followed by another. */
const WORTH_ANOTHER = 1.2

/**
 * What our upload carries, as far as it is known: the most that was sent in any window of late. It is never above the
 * truth, and what is not used any more is forgotten.
 */
export class UploadCapacity {
  /**
   * Where shares divide our upload: how much of what a peer leaves of its share others get at once, 0 to 1. Whether a peer
   * leaves it because its own link is slow, or because ours is full, cannot be seen; so the rest is handed on while less
   * is sent than our upload carries, and, to find out what it carries, always in one window of {@link PROBE_EVERY}.
   */
  get spill(): number {
    return this.isProbing ? 1 : this.wantedSpill
  }

  private wantedSpill = 1
  private isProbing = true
  private windows = 0
  private bytes = 0
  private windowStartMs: number
  private current = 0
  private previous = 0
  private turnedMs: number

  constructor(nowMs: number) {
    this.windowStartMs = nowMs
    this.turnedMs = nowMs
  }

  add(bytes: number): void {
    this.bytes += bytes
  }

  /** Call it several times a second while anything is sent. */
  observe(nowMs: number): void {
    const spanMs = nowMs - this.windowStartMs
    if (spanMs < MIN_UPLOAD_WINDOW_MS) return
    if (spanMs < MAX_UPLOAD_WINDOW_MS && this.bytes < MIN_UPLOAD_WINDOW_BLOCKS * BLOCK_BYTES) return
    this.forget(nowMs)
    const rate = (this.bytes * 1000) / spanMs
    const known = this.bytesPerSecond
    this.current = Math.max(this.current, rate)
    this.bytes = 0
    this.windowStartMs = nowMs
    this.isProbing = ++this.windows % PROBE_EVERY === 0 || (this.isProbing && rate > WORTH_ANOTHER * known)
    this.adjustSpill(rate)
  }

  /** Bytes a second that are worth trying: a bit more than is known, now and then; anything as long as nothing is. */
  get trialBytesPerSecond(): number {
    const known = this.bytesPerSecond
    if (known === 0) return Number.POSITIVE_INFINITY
    return this.isProbing ? PROBE_FACTOR * known : known
  }

  /** Bytes a second; 0 until anything was sent for a window, and again when nothing was for long. */
  get bytesPerSecond(): number {
    return Math.max(this.current, this.previous)
  }

  private forget(nowMs: number): void {
    if (nowMs - this.turnedMs < UPLOAD_PEAK_MEMORY_MS) return
    this.previous = this.current
    this.current = 0
    this.turnedMs = nowMs
  }

  private adjustSpill(rate: number): void {
    const step = rate < NEARLY_FULL * this.bytesPerSecond ? SPILL_STEP : -SPILL_STEP
    this.wantedSpill = Math.min(1, Math.max(0, this.wantedSpill + step))
  }
}
