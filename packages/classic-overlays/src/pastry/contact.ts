import type { PeerEntry, PeerHandle } from '@onehop/overlay'
import type { NodeId } from './node-id.ts'

/** A peer in the tables. Who is here has answered: nobody enters the tables by hearsay. */
export interface Contact {
  readonly peer: PeerHandle
  readonly id: NodeId
  entry: PeerEntry
  /** Smoothed round-trip time; Infinity while it has not been measured. */
  rttMs: number
  /** When something was last heard from it. */
  heardMs: number
  /** It has let a time-out pass: routes avoid it until it answers or is taken for dead. */
  isSuspect: boolean
  /** Until then it fetches the pointers that it is to hold by itself. */
  pullsUntilMs: number
}

/** A contact's place in one of the tables may go to another: told who has to leave it. */
export interface Placing {
  readonly isPlaced: boolean
  readonly displaced?: readonly Contact[]
}
