import type { Libp2p } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** What a lookup cost whoever asked. Times in ms. */
export interface Found {
  /** Until the first provider; NaN when there was none. */
  readonly firstMs: number
  /** Until nothing more can come. */
  readonly completeMs: number
  readonly providers: number
  /** Messages that the asker sent. */
  readonly messages: number
  /** Whether the first provider came from the asker's own table, without a message. */
  readonly isOwn: boolean
}

/** What a publication cost. */
export interface Provided {
  readonly elapsedMs: number
  readonly messages: number
}

/** How far a node has got with joining. */
export interface Joined {
  /** Whether it can answer for itself. */
  readonly isSettled: boolean
  /** Peers in its tables. */
  readonly peers: number
}

/** A libp2p node with content routing: what both systems are measured through. */
export interface LookupNode {
  readonly libp2p: Libp2p
  join(introducers: readonly string[]): Promise<void>
  joined(): Joined
  /** @throws when it failed. */
  provide(cid: CID): Promise<Provided>
  find(cid: CID): Promise<Found>
  /** Bytes of encoded messages since the start, where the system counts them. */
  messageBytes(): { readonly sent: number; readonly received: number }
}
