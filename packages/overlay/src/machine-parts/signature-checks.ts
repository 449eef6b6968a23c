import type { PeerHandle } from '../contract.ts'
import type { Handles } from './handles.ts'

/** How many signatures may be waiting for their check at a time. */
export interface SignatureCheckLimits {
  readonly inAll: number
  readonly perPeer: number
}

/**
 * Signatures that are being checked: not too many at a time, and of no peer so many that others had to wait for it.
 * What comes beyond that is dropped; whoever means it sends it again.
 */
export class SignatureChecks {
  private readonly handles: Handles
  private readonly hasLeft: () => boolean
  private readonly limits: SignatureCheckLimits
  private pending = 0
  /** By who sent them; made when a check takes time. */
  private ofPeer: Map<PeerHandle, number> | undefined

  /** @param hasLeft whether the machine has left meanwhile: nothing is told any more. */
  constructor(handles: Handles, hasLeft: () => boolean, limits: SignatureCheckLimits) {
    this.handles = handles
    this.hasLeft = hasLeft
    this.limits = limits
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
    this.handles.hold(from)
    check(isValid => {
      this.release(from)
      if (!this.hasLeft()) done(isValid)
      this.handles.drop(from)
    })
  }

  private admit(from: PeerHandle): boolean {
    if (this.hasLeft() || this.pending >= this.limits.inAll) return false
    const count = this.ofPeer?.get(from) ?? 0
    if (count >= this.limits.perPeer) return false
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
