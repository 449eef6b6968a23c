import { MAX_NEWS, MAX_NEWS_VISITS } from './limits.ts'

/**
 * What is news, each to be told so many times and then forgotten: entries that were told go behind the others. Entries
 * are small integers: handles of peers, or slots of filetuples.
 */
export class NewsQueue {
  private readonly ids: number[] = []
  private readonly times: number[] = []

  get size(): number {
    return this.ids.length
  }

  /** Too much news pushes out the oldest. */
  add(id: number, times: number): void {
    const at = this.ids.indexOf(id)
    if (at >= 0) {
      this.times[at] = times
      return
    }
    if (this.ids.length >= MAX_NEWS) this.removeAt(0)
    this.ids.push(id)
    this.times.push(times)
  }

  delete(id: number): void {
    const at = this.ids.indexOf(id)
    if (at >= 0) this.removeAt(at)
  }

  clear(): void {
    this.ids.length = 0
    this.times.length = 0
  }

  /**
   * Takes entries until they fill `maxBytes`, or enough have been looked at.
   * @param costOf bytes of the entry as it would be told; undefined when it is gone, 0 when it is not for this
   * receiver (it keeps its place).
   */
  take(maxBytes: number, costOf: (id: number) => number | undefined): number[] {
    const taken: number[] = []
    if (this.ids.length === 0) return taken
    const seen = this.ids.splice(0, MAX_NEWS_VISITS)
    const seenTimes = this.times.splice(0, seen.length)
    const kept: number[] = []
    const keptTimes: number[] = []
    const keep = (at: number) => {
      kept.push(seen[at]!)
      keptTimes.push(seenTimes[at]!)
    }
    let left = maxBytes
    for (let at = 0; at < seen.length; at++) {
      const cost = costOf(seen[at]!)
      if (cost === undefined) continue
      if (cost === 0 || cost > left) {
        keep(at)
        continue
      }
      left -= cost
      taken.push(seen[at]!)
      if (seenTimes[at]! > 1) {
        this.ids.push(seen[at]!)
        this.times.push(seenTimes[at]! - 1)
      }
    }
    this.ids.unshift(...kept)
    this.times.unshift(...keptTimes)
    return taken
  }

  private removeAt(at: number): void {
    this.ids.splice(at, 1)
    this.times.splice(at, 1)
  }
}
