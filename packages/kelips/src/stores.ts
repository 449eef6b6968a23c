import { Costs, keyHash32, type PeerHandle, type Pointer } from '@onehop/overlay'
import { HolderSearch } from './holder-search.ts'
import type { Intake } from './intake.ts'
import { INDEPENDENT_HOLDERS, STORE_BATCH } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Stored } from './messages.ts'
import type { Requests, Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/** What becomes of a store. An answer may still come after the silence. */
export interface StoreHandlers {
  /**
   * So many of the pointers are held; members that the peer named instead of itself have been learned. It named none:
   * it is the right one to ask, and has no room for what it does not hold.
   */
  onHeld(held: number, named: readonly MemberEntry[]): void
  onSilence?(silence: Silence): void
}

/** Hands pointers to members of their keys' groups, and takes them in. */
export class Stores {
  readonly state: KelipsState
  readonly requests: Requests
  readonly intake: Intake

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
          this.intake.vouch(reply.members, peer, () => handlers.onHeld(reply.limit, reply.members))
      },
      onSilence: silence => handlers.onSilence?.(silence),
    })
  }

  /**
   * Hands a pointer to more holders than those that are waited for, also to some that this node does not know itself:
   * they come from others, so that what its own few contacts do not pass on is not lost.
   */
  spread(pointer: Pointer): void {
    if (this.state.isHolder(pointer.key)) return
    const asked = this.targetsOf(pointer.key).slice(0, this.state.options.publishTargets)
    const costs = new Costs(this.state.now())
    new HolderSearch(this, pointer.key, holders => {
      for (const peer of holders)
        if (!asked.includes(peer)) this.send(peer, [pointer], costs, { onHeld: () => {} })
    }).start(INDEPENDENT_HOLDERS)
  }

  /** Puts a pointer of this node's own where the node is to hold it itself. */
  keep(pointer: Pointer): boolean {
    return this.state.isHolder(pointer.key) && this.state.filetuples.put(pointer) !== 'full'
  }

  onStore(from: PeerHandle, request: number, pointers: readonly Pointer[]): void {
    const { handles, environment, holders } = this.state
    const taken = pointers.slice(0, STORE_BATCH)
    const isMisplaced = ({ key }: Pointer) => holders.isMisplaced(keyHash32(key))
    const misplaced = taken.filter(isMisplaced)
    handles.hold(from)
    this.intake.store(misplaced, from)
    this.intake.store(
      taken.filter(pointer => !isMisplaced(pointer)),
      from,
      held => {
        environment.send(from, { type: 'stored', request, limit: held, members: this.teach(from, misplaced) })
        handles.drop(from)
      },
    )
  }

  /** The members that the sender should have asked instead. */
  private teach(from: PeerHandle, [misplaced]: readonly Pointer[]): Stored['members'] {
    return misplaced === undefined ? [] : this.state.teachersOf(keyHash32(misplaced.key), from)
  }
}
