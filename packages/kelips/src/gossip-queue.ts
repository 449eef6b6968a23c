/**
 * In which order entries are told: news first, as often as it takes to spread; then entries that changed since they
 * were last told; then the entry that was told least recently.
 */
export class GossipQueue<Id> {
  private readonly news = new Map<Id, number>()
  private readonly changed = new Set<Id>()
  private readonly told = new Set<Id>()

  get size(): number {
    return this.news.size + this.changed.size + this.told.size
  }

  get hasNews(): boolean {
    return this.news.size > 0
  }

  /** A new entry, to be told this many times before it takes its turn with the others. */
  addNews(id: Id, times: number): void {
    this.delete(id)
    this.news.set(id, times)
  }

  /** A known entry has changed. */
  addChanged(id: Id): void {
    if (this.news.has(id) || this.changed.has(id)) return
    this.told.delete(id)
    this.changed.add(id)
  }

  delete(id: Id): void {
    this.news.delete(id)
    this.changed.delete(id)
    this.told.delete(id)
  }

  /**
   * Takes entries until they fill `maxBytes`.
   * @param costOf bytes of the entry as it would be told; undefined when it is gone, 0 when it is not for this
   * receiver (it keeps its place).
   */
  take(maxBytes: number, costOf: (id: Id) => number | undefined, newsOnly = false): Id[] {
    const taken: Id[] = []
    let left = maxBytes
    const visit = (id: Id, queue: { delete(id: Id): boolean }): boolean => {
      const cost = costOf(id)
      if (cost === undefined) queue.delete(id)
      else if (cost > left) return false
      else if (cost > 0) {
        left -= cost
        taken.push(id)
      }
      return true
    }
    const queues = newsOnly ? [this.news] : [this.news, this.changed, this.told]
    for (const queue of queues) {
      for (const id of queue.keys()) if (!visit(id, queue)) break
    }
    for (const id of taken) this.onTold(id)
    return taken
  }

  private onTold(id: Id): void {
    const times = this.news.get(id)
    this.delete(id)
    if (times !== undefined && times > 1) this.news.set(id, times - 1)
    else this.told.add(id)
  }
}
