import type { KelipsMessage } from '@onehop/kelips'
import type { Cancel, Environment, PeerAddress, PeerHandle, PeerId } from '@onehop/overlay'
import { assert, SeededRandom } from '@onehop/primitives'
import { hash32Of } from '../node-directory.ts'

const SELF = 0 as PeerHandle
/** The first second of 2026, as in simulations. */
const NOW_MS = 1_767_225_600_000

/**
 * An environment in which nothing happens: for a machine whose tables are filled and measured. Of its peers it keeps
 * four bytes each, and those before anything is measured.
 */
export class OfflineEnvironment implements Environment<KelipsMessage> {
  readonly self = SELF
  private readonly hashes: Uint32Array
  private readonly generator: SeededRandom
  private peers = 1

  /** @param mostPeers that will be introduced. */
  constructor(selfId: PeerId, mostPeers: number, seed: number) {
    this.hashes = new Uint32Array(mostPeers + 1)
    this.hashes[SELF] = hash32Of(selfId)
    this.generator = new SeededRandom(seed)
  }

  now(): number {
    return NOW_MS
  }

  random(): number {
    return this.generator.next()
  }

  intern(id: PeerId): PeerHandle {
    assert(this.peers < this.hashes.length, 'there are more peers than were announced')
    this.hashes[this.peers] = hash32Of(id)
    return this.peers++ as PeerHandle
  }

  hash32(peer: PeerHandle): number {
    return this.hashes[peer]!
  }

  isConnected(): boolean {
    return false
  }

  addresses(): readonly PeerAddress[] {
    return []
  }

  setTimer(): Cancel {
    return () => {}
  }

  idOf(peer: PeerHandle): PeerId {
    throw new Error(`the id of ${peer} is not kept`)
  }

  sign(): Uint8Array {
    throw new Error('nothing is signed')
  }

  send(): void {}

  release(): void {}

  learnAddresses(): void {}

  penalise(): void {}

  verify(): void {}
}
