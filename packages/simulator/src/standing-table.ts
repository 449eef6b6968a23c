const ALIVE = 1
const DIALABLE = 2
const FIRST_CAPACITY = 1024

/** How every node stands: alive, dialable, in which part of a split network, and since when. Columns, for speed. */
export class StandingTable {
  private flags = new Uint8Array(FIRST_CAPACITY)
  private parts = new Uint16Array(FIRST_CAPACITY)
  private since = new Int32Array(FIRST_CAPACITY)
  private nodes = 0

  /** A further node, alive and in part 0. */
  add(isDialable: boolean): void {
    if (this.nodes === this.flags.length) this.grow()
    this.flags[this.nodes++] = isDialable ? ALIVE | DIALABLE : ALIVE
  }

  isAlive(node: number): boolean {
    return (this.flags[node]! & ALIVE) !== 0
  }

  setAlive(node: number, isAlive: boolean, nowMs: number): void {
    this.flags[node] = isAlive ? this.flags[node]! | ALIVE : this.flags[node]! & ~ALIVE
    this.since[node] = nowMs
  }

  isDialable(node: number): boolean {
    return (this.flags[node]! & DIALABLE) !== 0
  }

  setDialable(node: number, isDialable: boolean): void {
    this.flags[node] = isDialable ? this.flags[node]! | DIALABLE : this.flags[node]! & ~DIALABLE
  }

  /** Whether no partition lies between them. */
  isTogether(a: number, b: number): boolean {
    return this.parts[a] === this.parts[b]
  }

  /** When it died or came back, or the living were parted or put together. */
  sinceMs(node: number): number {
    return this.since[node]!
  }

  /** Nodes not named are in part 0. */
  partition(parts: readonly (readonly number[])[], nowMs: number): void {
    this.parts.fill(0)
    parts.forEach((nodes, part) => {
      for (const node of nodes) this.parts[node] = part
    })
    for (let node = 0; node < this.nodes; node++) if (this.isAlive(node)) this.since[node] = nowMs
  }

  private grow(): void {
    const { flags, parts, since } = this
    this.flags = new Uint8Array(this.nodes * 2)
    this.flags.set(flags)
    this.parts = new Uint16Array(this.nodes * 2)
    this.parts.set(parts)
    this.since = new Int32Array(this.nodes * 2)
    this.since.set(since)
  }
}
