import type { Environment, PeerHandle, PeerId } from '@onehop/overlay'

/** Counts who holds a handle, and tells the environment when nobody does any more. */
export class Handles {
  private readonly counts = new Map<PeerHandle, number>()
  private readonly environment: Environment<never>

  constructor(environment: Environment<never>) {
    this.environment = environment
  }

  /** Handles held now. */
  get size(): number {
    return this.counts.size
  }

  hold(peer: PeerHandle): PeerHandle {
    this.counts.set(peer, (this.counts.get(peer) ?? 0) + 1)
    return peer
  }

  drop(peer: PeerHandle): void {
    const count = (this.counts.get(peer) ?? 0) - 1
    if (count > 0) {
      this.counts.set(peer, count)
      return
    }
    this.counts.delete(peer)
    if (peer !== this.environment.self) this.environment.release(peer)
  }

  /** Runs with the peer's handle held, which is released afterwards unless somebody held it meanwhile. */
  with<T>(id: PeerId, use: (peer: PeerHandle) => T): T {
    return this.while(this.environment.intern(id), use)
  }

  while<T>(peer: PeerHandle, use: (peer: PeerHandle) => T): T {
    this.hold(peer)
    try {
      return use(peer)
    } finally {
      this.drop(peer)
    }
  }
}
