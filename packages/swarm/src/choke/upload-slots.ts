import { DEFAULT_REGULAR_SLOTS, MAX_REGULAR_SLOTS } from '../limits.ts'
import type { ChokerContext } from './choker.ts'

/**
 * How many regular slots our upload can fill: the square root of 0.6 times its kilobytes per second, 2 to 4 below
 * 42 kB/s, as the original client chose for its upload limit. Without a limit the most that we sent of late stands for
 * it, and never takes a slot away from the four.
 */
export function regularSlots(context: ChokerContext): number {
  const limit = context.uploadLimitBytesPerSecond
  if (limit !== undefined) return slotsFor(limit)
  return Math.max(DEFAULT_REGULAR_SLOTS, slotsFor(context.uploadPeakBytesPerSecond))
}

function slotsFor(bytesPerSecond: number): number {
  const kilobytes = bytesPerSecond / 1000
  if (kilobytes < 9) return 2
  if (kilobytes < 15) return 3
  if (kilobytes < 42) return 4
  return Math.min(MAX_REGULAR_SLOTS, Math.floor(Math.sqrt(0.6 * kilobytes)))
}
