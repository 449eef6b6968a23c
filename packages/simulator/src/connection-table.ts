import { assert } from '@onehop/primitives'
import { MAX_CONNECTION_CAP } from './limits.ts'
import { WideRows } from './wide-rows.ts'

/** Rows of one typed array, so that growing copies nothing. */
const ROWS_PER_BLOCK_BITS = 10
const ROWS_PER_BLOCK = 1 << ROWS_PER_BLOCK_BITS
const NOT_FOUND = -1
const EMPTY = -1
const HASH_FACTOR = 0x9e3779b1

/**
 * Who is connected to whom: one row of an open-addressing hash table a node, both ends always of one mind. Each entry
 * has the time of its last use; a connection that is still being dialled has one in the future.
 */
export class ConnectionTable {
  readonly cap: number
  private readonly rowBits: number
  private readonly mask: number
  private readonly peers: Int32Array[] = []
  private readonly usedMs: Int32Array[] = []
  private readonly counts: number[] = []
  private readonly wide = new WideRows()
  private readonly wantedBy: (node: number) => number

  /**
   * @param cap open connections that a node may have.
   * @param wantedBy those that a node may have because it serves others, if that is more.
   */
  constructor(cap: number, wantedBy: (node: number) => number = () => 0) {
    assert(
      Number.isInteger(cap) && cap >= 1 && cap <= MAX_CONNECTION_CAP,
      `a node cannot have ${cap} connections at most`,
    )
    this.cap = cap
    this.wantedBy = wantedBy
    this.rowBits = 33 - Math.clz32(cap - 1)
    this.mask = (1 << this.rowBits) - 1
  }

  /** A row for the next node. */
  add(): void {
    const node = this.counts.push(0) - 1
    if ((node & (ROWS_PER_BLOCK - 1)) !== 0) return
    this.peers.push(new Int32Array(ROWS_PER_BLOCK << this.rowBits).fill(EMPTY))
    this.usedMs.push(new Int32Array(ROWS_PER_BLOCK << this.rowBits))
  }

  countOf(node: number): number {
    if (this.wide.has(node)) return this.wide.countOf(node)
    return this.counts[node]!
  }

  /** When the connection was last used, or will be open; undefined: there is none. */
  usedMsOf(node: number, peer: number): number | undefined {
    if (this.wide.has(node)) return this.wide.usedMsOf(node, peer)
    const slot = this.find(node, peer)
    return slot === NOT_FOUND ? undefined : this.usedMs[node >>> ROWS_PER_BLOCK_BITS]![slot]
  }

  /** One end has used it. */
  touch(node: number, peer: number, nowMs: number): void {
    if (this.wide.has(node)) {
      this.wide.touch(node, peer, nowMs)
      return
    }
    const slot = this.find(node, peer)
    const usedMs = this.usedMs[node >>> ROWS_PER_BLOCK_BITS]!
    if (slot !== NOT_FOUND && usedMs[slot]! < nowMs) usedMs[slot] = nowMs
  }

  /** Opens a connection that can be used from `readyMs` on; who has too many closes the one least recently used. */
  open(a: number, b: number, readyMs: number): void {
    for (const node of [a, b]) if (this.countOf(node) >= this.cap) this.makeRoom(node)
    this.insert(a, b, readyMs)
    this.insert(b, a, readyMs)
  }

  close(a: number, b: number): void {
    this.remove(a, b)
    this.remove(b, a)
  }

  closeAll(node: number): void {
    for (const peer of this.peersOf(node)) this.close(node, peer)
  }

  peersOf(node: number): number[] {
    if (this.wide.has(node)) return this.wide.peersOf(node)
    const start = this.startOf(node)
    const row = this.peers[node >>> ROWS_PER_BLOCK_BITS]!.subarray(start, start + this.mask + 1)
    return [...row.filter(peer => peer !== EMPTY)]
  }

  /** Whoever may have more than others has a row of another kind from now on. */
  private makeRoom(node: number): void {
    const most = Math.max(this.cap, this.wantedBy(node))
    while (this.countOf(node) >= most) this.close(node, this.leastRecentlyUsed(node))
    if (this.countOf(node) < this.cap || this.wide.has(node)) return
    const connections = this.peersOf(node).map(peer => [peer, this.usedMsOf(node, peer)!] as const)
    this.wide.add(node, connections)
  }

  private startOf(node: number): number {
    return (node & (ROWS_PER_BLOCK - 1)) << this.rowBits
  }

  private homeOf(peer: number): number {
    return Math.imul(peer, HASH_FACTOR) >>> (32 - this.rowBits)
  }

  private find(node: number, peer: number): number {
    const start = this.startOf(node)
    const peers = this.peers[node >>> ROWS_PER_BLOCK_BITS]!
    for (let at = this.homeOf(peer); ; at = (at + 1) & this.mask) {
      const there = peers[start + at]!
      if (there === peer) return start + at
      if (there === EMPTY) return NOT_FOUND
    }
  }

  private insert(node: number, peer: number, readyMs: number): void {
    if (this.wide.has(node)) {
      this.wide.insert(node, peer, readyMs)
      return
    }
    const start = this.startOf(node)
    const peers = this.peers[node >>> ROWS_PER_BLOCK_BITS]!
    let at = this.homeOf(peer)
    while (peers[start + at] !== EMPTY) at = (at + 1) & this.mask
    peers[start + at] = peer
    this.usedMs[node >>> ROWS_PER_BLOCK_BITS]![start + at] = readyMs
    this.counts[node]!++
  }

  /** Takes the entry out and moves those that had to make way for it back, so that no search ends too early. */
  private remove(node: number, peer: number): void {
    if (this.wide.has(node)) {
      this.wide.remove(node, peer)
      return
    }
    const found = this.find(node, peer)
    if (found === NOT_FOUND) return
    const start = this.startOf(node)
    const peers = this.peers[node >>> ROWS_PER_BLOCK_BITS]!
    const usedMs = this.usedMs[node >>> ROWS_PER_BLOCK_BITS]!
    let hole = found - start
    for (let at = (hole + 1) & this.mask; peers[start + at] !== EMPTY; at = (at + 1) & this.mask) {
      const away = (at - this.homeOf(peers[start + at]!)) & this.mask
      if (away < ((at - hole) & this.mask)) continue
      peers[start + hole] = peers[start + at]!
      usedMs[start + hole] = usedMs[start + at]!
      hole = at
    }
    peers[start + hole] = EMPTY
    this.counts[node]!--
  }

  private leastRecentlyUsed(node: number): number {
    if (this.wide.has(node)) return this.wide.leastRecentlyUsed(node)
    const start = this.startOf(node)
    const peers = this.peers[node >>> ROWS_PER_BLOCK_BITS]!
    const usedMs = this.usedMs[node >>> ROWS_PER_BLOCK_BITS]!
    let oldest = NOT_FOUND
    for (let slot = start; slot <= start + this.mask; slot++) {
      if (peers[slot] === EMPTY) continue
      if (oldest === NOT_FOUND || usedMs[slot]! < usedMs[oldest]!) oldest = slot
    }
    return peers[oldest]!
  }
}
