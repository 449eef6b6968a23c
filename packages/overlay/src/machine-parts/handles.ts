import { assert } from '@onehop/primitives'
import type { Environment, PeerHandle, PeerId } from '../contract.ts'

/**
 * Counts who holds a handle for a while, and tells the environment when nobody does any more. The tables hold the
 * handles of all peers in them, which costs nothing here.
 */
export class Handles {
  /** Whether the tables hold it. */
  isKept: (peer: PeerHandle) => boolean = () => false
  private readonly counts = new Map<PeerHandle, number>()
  /** Handles in use by calls that are under way: hardly ever more than two or three. */
  private readonly inUse: PeerHandle[] = []
  private readonly environment: Environment<never>

  constructor(environment: Environment<never>) {
    this.environment = environment
  }

  /** Handles held now, those of the tables not counted. Where handles stand for ever nobody counts. */
  get size(): number {
    return this.counts.size
  }

  hold(peer: PeerHandle): PeerHandle {
    if (this.environment.keepsHandles) return peer
    this.counts.set(peer, (this.counts.get(peer) ?? 0) + 1)
    return peer
  }

  /** @throws {AssertionError} for a handle that is not held: another peer may have its number by now. */
  drop(peer: PeerHandle): void {
    if (this.environment.keepsHandles) return
    const count = this.counts.get(peer)
    assert(count !== undefined, 'a handle is dropped that nobody holds')
    if (count > 1) {
      this.counts.set(peer, count - 1)
      return
    }
    this.counts.delete(peer)
    this.letGo(peer)
  }

  /** Runs with the peer's handle held, which is released afterwards unless somebody held it meanwhile. */
  with<T>(id: PeerId, use: (peer: PeerHandle) => T): T {
    return this.while(this.environment.intern(id), use)
  }

  while<T>(peer: PeerHandle, use: (peer: PeerHandle) => T): T {
    this.enter(peer)
    try {
      return use(peer)
    } finally {
      this.exit()
    }
  }

  /** {@link while} without a closure: the handle is held until {@link exit}. Calls nest. */
  enter(peer: PeerHandle): void {
    if (!this.environment.keepsHandles) this.inUse.push(peer)
  }

  exit(): void {
    if (!this.environment.keepsHandles) this.letGo(this.inUse.pop() as PeerHandle)
  }

  /** The handle is released, unless somebody holds it. */
  letGo(peer: PeerHandle): void {
    if (this.environment.keepsHandles) return
    const isHeld = this.inUse.includes(peer) || this.counts.has(peer) || peer === this.environment.self
    if (!isHeld && !this.isKept(peer)) this.environment.release(peer)
  }
}
