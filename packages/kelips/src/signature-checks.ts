import type { PeerHandle } from '@onehop/overlay'
import { MAX_PENDING_VERIFICATIONS, MAX_PENDING_VERIFICATIONS_PER_PEER } from './limits.ts'
import type { KelipsState } from './state.ts'

/**
 * Signatures that are being checked: not too many at a time, and of no peer so many that others had to wait for it.
 * What comes beyond that is dropped, and comes again by gossip.
 */
export class SignatureChecks {
  private readonly state: KelipsState
  private pending = 0
  /** By who sent them; made when a check takes time. */
  private ofPeer: Map<PeerHandle, number> | undefined

  constructor(state: KelipsState) {
    this.state = state
  }

  /**
   * @param done told whether the signature is right, or undefined when there was no room for the check. Not called
   * when the node has left meanwhile.
   */
  run(
    from: PeerHandle,
    check: (answer: (isValid: boolean) => void) => void,
    done: (isValid: boolean | undefined) => void,
  ): void {
    if (!this.admit(from)) {
      done(undefined)
      return
    }
    this.state.handles.hold(from)
    check(isValid => {
      this.release(from)
      if (this.state.phase === 'left') return
      done(isValid)
      this.state.handles.drop(from)
    })
  }

  private admit(from: PeerHandle): boolean {
    if (this.state.phase === 'left' || this.pending >= MAX_PENDING_VERIFICATIONS) return false
    const count = this.ofPeer?.get(from) ?? 0
    if (count >= MAX_PENDING_VERIFICATIONS_PER_PEER) return false
    this.pending++
    this.ofPeer ??= new Map()
    this.ofPeer.set(from, count + 1)
    return true
  }

  private release(from: PeerHandle): void {
    this.pending--
    const count = this.ofPeer?.get(from) ?? 1
    if (count > 1) this.ofPeer?.set(from, count - 1)
    else this.ofPeer?.delete(from)
  }
}
