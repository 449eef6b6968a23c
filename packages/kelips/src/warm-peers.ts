import type { PeerHandle } from '@onehop/overlay'
import { type RandomSource, randomBelow } from '@onehop/primitives'

/** Peers in the tables that said something lately: most of those to whom there is a connection are among them. */
export class WarmPeers {
  private readonly ring: PeerHandle[] = []
  private next = 0
  private turn = 0
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  /** It is in the tables no longer. */
  forget(peer: PeerHandle): void {
    const at = this.ring.indexOf(peer)
    if (at < 0) return
    const last = this.ring.pop() as PeerHandle
    if (at < this.ring.length) this.ring[at] = last
    this.next = this.ring.length
  }

  note(peer: PeerHandle): void {
    if (this.ring.includes(peer)) return
    if (this.next >= this.limit) this.next = 0
    this.ring[this.next++] = peer
  }

  /** How many of them are of use. */
  count(isOfUse: (peer: PeerHandle) => boolean): number {
    let count = 0
    for (const peer of this.ring) if (isOfUse(peer)) count++
    return count
  }

  /** As many of them as are of use, each in its turn. */
  inTurn(count: number, isOfUse: (peer: PeerHandle) => boolean): PeerHandle[] {
    const drawn: PeerHandle[] = []
    for (let visited = 0; visited < this.ring.length && drawn.length < count; visited++) {
      this.turn = (this.turn + 1) % this.ring.length
      const peer = this.ring[this.turn]!
      if (isOfUse(peer)) drawn.push(peer)
    }
    return drawn
  }

  /** Any of them, all as likely. */
  draw(random: RandomSource): PeerHandle | undefined {
    return this.ring.length === 0 ? undefined : this.ring[randomBelow(random, this.ring.length)]
  }
}
