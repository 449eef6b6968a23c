import type { VirtualClock } from '../virtual-clock.ts'
import { SLICE_MS } from './experiment-limits.ts'

/** Lets virtual time pass, a little at a time. @param goesOn asked in between: false ends it. @returns whether all passed. */
export function passTime(clock: VirtualClock, durationMs: number, goesOn: () => boolean): boolean {
  const endMs = clock.now() + durationMs
  while (clock.now() < endMs) {
    clock.runFor(Math.min(SLICE_MS, endMs - clock.now()))
    if (!goesOn()) return false
  }
  return true
}
