import type { PeerId, PeerInfo, Provider, RoutingOptions } from '@libp2p/interface'
import type { Failure, Outcome } from '@onehop/overlay'
import type { CID } from 'multiformats/cid'
import { CustomProgressEvent, type ProgressEvent, type ProgressOptions } from 'progress-events'

/** What it cost to find or to tell. */
export interface Effort {
  /** Overlay hops of the answer: 0 from the own table, 1 from a contact. */
  readonly hops: number
  /** Messages that this node sent for it. */
  readonly messages: number
  /** Peers asked. */
  readonly attempts: number
  readonly elapsedMs: number
  /** Why there is nothing, or not all; absent on success. */
  readonly failure?: Failure
}

/** Members of the key's affinity group know that this node provides it. */
export interface Provided extends Effort {
  readonly cid: CID
  /** How many of them confirmed; at least one. */
  readonly acknowledgements: number
}

/** A CID that could not be provided, and why. */
export interface ProvideFailed {
  readonly cid: CID
  readonly error: Error
}

/** What the service tells its listeners. */
export interface KelipsServiceEvents {
  /** The overlay can answer: this node has entered and met a peer. Once after every start. */
  ready: CustomEvent<void>
  /** Somebody acknowledged; also for what is provided again after a restart. */
  provide: CustomEvent<Provided>
  'provide:failed': CustomEvent<ProvideFailed>
  /** A peer of the overlay was heard of for the first time. */
  peer: CustomEvent<PeerInfo>
}

/** What `onProgress` of the routing methods hears, by the type of the event. */
export interface KelipsProgress {
  'kelips:provide:acknowledged': Provided
  'kelips:provide:failed': ProvideFailed
  'kelips:find-providers:provider': Provider
  'kelips:find-providers:end': Effort & { readonly cid: CID }
  'kelips:find-peer:end': Effort & { readonly id: PeerId }
}

export type KelipsProgressEvents = {
  [Type in keyof KelipsProgress]: ProgressEvent<Type, KelipsProgress[Type]>
}[keyof KelipsProgress]

/** What the routing methods may be given: libp2p's options, with progress events that have types. */
export type KelipsRoutingOptions = Omit<RoutingOptions, 'onProgress'> & ProgressOptions<KelipsProgressEvents>

/** Tells whoever passed `onProgress`. */
export function reportProgress<Type extends keyof KelipsProgress>(
  options: ProgressOptions,
  type: Type,
  detail: KelipsProgress[Type],
): void {
  options.onProgress?.(new CustomProgressEvent<KelipsProgress[Type]>(type, detail))
}

/** The part of an outcome that says what it cost. */
export function effortOf({ hops, messages, attempts, elapsedMs, failure }: Outcome): Effort {
  const effort = { hops, messages, attempts, elapsedMs }
  return failure === undefined ? effort : { ...effort, failure }
}
