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
   * Takes entries until they fill `maxBytes`, or enough have been looked at. One that is too large by itself stands in
   * nobody's way.
   * @param costOf bytes of the entry as it would be told; undefined when it is gone, 0 when it is not for this
   * receiver (it keeps its place).
   */
  take(maxBytes: number, costOf: (id: number) => number | undefined): number[] {
    const { ids, times } = this
    const taken: number[] = []
    const most = Math.min(ids.length, MAX_NEWS_VISITS)
    let left = maxBytes
    let kept = 0
    let at = 0
    for (; at < most; at++) {
      const cost = costOf(ids[at]!)
      if (cost === undefined) continue
      if (cost > left && taken.length > 0) break
      if (cost === 0 || cost > left) {
        ids[kept] = ids[at]!
        times[kept++] = times[at]!
        continue
      }
      left -= cost
      taken.push(ids[at]!)
      if (times[at]! > 1) {
        ids.push(ids[at]!)
        times.push(times[at]! - 1)
      }
    }
    ids.splice(kept, at - kept)
    times.splice(kept, at - kept)
    return taken
  }

  private removeAt(at: number): void {
    this.ids.splice(at, 1)
    this.times.splice(at, 1)
  }
}
