import type { SeedingGoals } from '../session-types.ts'
import type { TorrentCounters } from './torrent-settings.ts'

const MINUTE_MS = 60_000

/** Which goal a complete torrent has reached, as a sentence; undefined when there is none, or none is reached. */
export function reachedGoal(
  { seedRatio, seedMinutes }: SeedingGoals,
  { uploadedBytes, seedingMs }: TorrentCounters,
  contentBytes: number,
): string | undefined {
  if (seedRatio !== undefined && contentBytes > 0 && uploadedBytes >= seedRatio * contentBytes) {
    return `Its goal is reached: ${seedRatio} times its size was uploaded.`
  }
  if (seedMinutes !== undefined && seedingMs >= seedMinutes * MINUTE_MS) {
    return `Its goal is reached: it was seeded for ${seedMinutes} minutes.`
  }
  return undefined
}
