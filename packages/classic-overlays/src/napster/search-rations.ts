import type { PeerHandle } from '@onehop/overlay'
import { TokenBucket } from '@onehop/primitives'
import {
  SEARCH_BURST,
  SEARCHED_PER_SECOND,
  SEARCHED_PER_SECOND_AND_CLIENT,
  SEARCHED_PER_SECOND_AND_SERVER,
} from './limits.ts'
import type { NapsterState } from './state.ts'

/** Pointers that a server looks through for others: so many a second for each, and so many in all. */
export class SearchRations {
  private readonly state: NapsterState
  private readonly all: TokenBucket
  /** Of those that have searched since the last sweep; everybody who is not known here has one together. */
  private readonly ofPeer = new Map<PeerHandle | 'strangers', TokenBucket>()

  constructor(state: NapsterState) {
    this.state = state
    this.all = new TokenBucket(SEARCHED_PER_SECOND, SEARCH_BURST, state.nowMs)
  }

  /** Whether so many pointers may be looked through. */
  take(who: PeerHandle | 'strangers', count: number, isServer: boolean): boolean {
    const { nowMs } = this.state
    let own = this.ofPeer.get(who)
    if (own === undefined) {
      const rate = isServer ? SEARCHED_PER_SECOND_AND_SERVER : SEARCHED_PER_SECOND_AND_CLIENT
      own = new TokenBucket(rate, SEARCH_BURST, nowMs)
      this.ofPeer.set(who, own)
    }
    return own.take(count, nowMs) && this.all.take(count, nowMs)
  }

  /** Forgets peers that are neither clients nor servers any more. */
  sweep(isKnown: (peer: PeerHandle) => boolean): void {
    for (const who of this.ofPeer.keys()) if (who !== 'strangers' && !isKnown(who)) this.ofPeer.delete(who)
  }
}
