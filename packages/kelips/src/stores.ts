import { keyHash32, type PeerHandle, type Pointer } from '@onehop/overlay'
import type { Intake } from './intake.ts'
import { STORE_BATCH } from './limits.ts'
import type { Stored } from './messages.ts'
import type { Costs } from './outcome.ts'
import type { Requests, Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/** What becomes of a store. An answer may still come after the silence. */
export interface StoreHandlers {
  /** So many of the pointers are held; members that the peer named instead of itself have been learned. */
  onHeld(held: number): void
  onSilence?(silence: Silence): void
}

/** Hands pointers to members of their keys' groups, and takes them in. */
export class Stores {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake

  constructor(state: KelipsState, requests: Requests, intake: Intake) {
    this.state = state
    this.requests = requests
    this.intake = intake
  }

  /** Members that are to hold the key, group by group, the nearest first; this node is not among them. */
  targetsOf(key: Uint8Array): PeerHandle[] {
    return this.state.coveringPeers(keyHash32(key))
  }

  /** Sends at most {@link STORE_BATCH} pointers. */
  send(peer: PeerHandle, pointers: readonly Pointer[], costs: Costs, handlers: StoreHandlers): void {
    costs.messages++
    costs.attempts++
    this.requests.send(peer, request => ({ type: 'store', request, pointers }), {
      onReply: reply => {
        if (reply.type === 'stored')
          this.intake.members(reply.members, peer, () => handlers.onHeld(reply.limit))
      },
      onSilence: silence => handlers.onSilence?.(silence),
    })
  }

  /** Puts a pointer of this node's own where the node is to hold it itself. */
  keep(pointer: Pointer): boolean {
    return this.state.isHolder(pointer.key) && this.state.filetuples.put(pointer) !== 'full'
  }

  onStore(from: PeerHandle, request: number, pointers: readonly Pointer[]): void {
    const taken = pointers.slice(0, STORE_BATCH)
    const { handles, environment } = this.state
    handles.hold(from)
    this.intake.store(taken, from, held => {
      environment.send(from, { type: 'stored', request, limit: held, members: this.teach(from, taken, held) })
      handles.drop(from)
    })
  }

  /** The members that the sender should have asked instead. */
  private teach(from: PeerHandle, pointers: readonly Pointer[], held: number): Stored['members'] {
    const misplaced = pointers.find(pointer => !this.state.isHolder(pointer.key))
    return held === pointers.length || misplaced === undefined
      ? []
      : this.state.teachersOf(keyHash32(misplaced.key), from)
  }
}
