/** Connections of the few nodes that have more than others may: by node and peer, with the times of their last use. */
export class WideRows {
  private readonly rows = new Map<number, Map<number, number>>()

  has(node: number): boolean {
    return this.rows.size > 0 && this.rows.has(node)
  }

  /** From now on the node's connections are here. */
  add(node: number, connections: Iterable<readonly [peer: number, usedMs: number]>): void {
    this.rows.set(node, new Map([...connections].sort((a, b) => a[1] - b[1])))
  }

  countOf(node: number): number {
    return this.rowOf(node).size
  }

  usedMsOf(node: number, peer: number): number | undefined {
    return this.rowOf(node).get(peer)
  }

  /** Rows are in the order of the last use, nearly: a connection that is still being dialled stands where it was. */
  touch(node: number, peer: number, nowMs: number): void {
    const row = this.rowOf(node)
    const usedMs = row.get(peer)
    if (usedMs === undefined || usedMs >= nowMs) return
    row.delete(peer)
    row.set(peer, nowMs)
  }

  insert(node: number, peer: number, readyMs: number): void {
    this.rowOf(node).set(peer, readyMs)
  }

  remove(node: number, peer: number): void {
    this.rowOf(node).delete(peer)
  }

  leastRecentlyUsed(node: number): number {
    return this.rowOf(node).keys().next().value as number
  }

  peersOf(node: number): number[] {
    return [...this.rowOf(node).keys()]
  }

  private rowOf(node: number): Map<number, number> {
    return this.rows.get(node)!
  }
}
