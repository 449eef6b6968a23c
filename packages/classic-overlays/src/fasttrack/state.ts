import {
  type Environment,
  Handles,
  OwnPublications,
  ownEntry,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  PointerIntake,
  pointerName,
  type RequestSilence,
  Requests,
} from '@onehop/overlay'
import { BoundedMap } from '@onehop/primitives'
import { HostCache } from './host-cache.ts'
import {
  DIAL_ROUND_TRIPS,
  MAX_PENDING_REQUESTS,
  MAX_PENDING_VERIFICATIONS,
  MAX_PENDING_VERIFICATIONS_PER_PEER,
  MAX_PUBLICATIONS,
  MAX_ROUND_TRIP_TIMES,
  MAX_VERIFIED_POINTERS,
  TRIES_PER_PEER,
} from './limits.ts'
import type { FastTrackMessage, FastTrackReply } from './messages.ts'
import type { FastTrackOptions } from './options.ts'

/** `joining`: a first join is under way. `in`: it has been in the network, with or without a supernode now. */
export type Phase = 'new' | 'joining' | 'in' | 'left'

export type Role = 'ordinary' | 'supernode'

/** What the parts of a machine share. */
export class FastTrackState {
  readonly environment: Environment<FastTrackMessage>
  readonly options: FastTrackOptions
  readonly handles: Handles
  readonly requests: Requests<FastTrackMessage, FastTrackReply>
  readonly cache: HostCache
  readonly own: OwnPublications
  readonly intake: PointerIntake
  phase: Phase = 'new'
  role: Role = 'ordinary'
  /** A supernode that is about to be an ordinary node: it answers until what it has is known elsewhere. */
  isDraining = false
  /** Set by the part that holds others' pointers. */
  heldVersionOf: (pointer: Pointer) => Pointer | undefined = () => undefined
  private readonly verified = new BoundedMap<string, Pointer>(MAX_VERIFIED_POINTERS)

  constructor(environment: Environment<FastTrackMessage>, options: FastTrackOptions) {
    this.environment = environment
    this.options = options
    this.handles = new Handles(environment as Environment<never>)
    this.requests = new Requests(environment, this.handles, {
      defaultTimeoutMs: options.defaultTimeoutMs,
      minimumTimeoutMs: options.minimumTimeoutMs,
      dialRoundTrips: DIAL_ROUND_TRIPS,
      mostPending: MAX_PENDING_REQUESTS,
      mostTimes: MAX_ROUND_TRIP_TIMES,
    })
    this.cache = new HostCache(environment as Environment<never>, this.handles)
    this.own = new OwnPublications(environment as Environment<never>, {
      lifetimeMs: options.pointerLifetimeMs,
      refreshMs: options.pointerRefreshMs,
      limit: MAX_PUBLICATIONS,
    })
    this.intake = new PointerIntake({
      environment: environment as Environment<never>,
      handles: this.handles,
      hasLeft: () => this.hasLeft,
      limits: { inAll: MAX_PENDING_VERIFICATIONS, perPeer: MAX_PENDING_VERIFICATIONS_PER_PEER },
      knownAs: pointer => this.heldVersionOf(pointer) ?? this.verified.get(pointerName(pointer)),
    })
  }

  get hasLeft(): boolean {
    return this.phase === 'left'
  }

  get isSupernode(): boolean {
    return this.role === 'supernode'
  }

  /** It answers for itself, and need not register what it has. */
  get answersForItself(): boolean {
    return this.isSupernode && !this.isDraining
  }

  /** This node, as others can reach it now: live, a node has addresses only when it listens, and others later. */
  get self(): PeerEntry {
    return ownEntry(this.environment as Environment<never>)
  }

  /** Children that it could carry as a supernode: none where nobody can dial it. */
  get capacity(): number {
    return this.environment.addresses().length === 0 ? 0 : this.options.capacity
  }

  now(): number {
    return this.environment.now()
  }

  nowS(): number {
    return Math.floor(this.environment.now() / 1000)
  }

  send(to: PeerHandle, message: FastTrackMessage): void {
    this.environment.send(to, message)
  }

  /** Verifies pointers, and remembers the good ones: what is looked up often is verified once. */
  verify(pointers: readonly Pointer[], from: PeerHandle, done: (valid: readonly Pointer[]) => void): void {
    this.intake.verify(pointers, from, valid => {
      for (const pointer of valid)
        if (pointer.genuine !== pointer) this.verified.set(pointerName(pointer), pointer)
      done(valid)
    })
  }

  /** Sends a request, again when it may have been lost, and tells what came of it. */
  ask(
    peer: PeerHandle,
    build: (request: number) => FastTrackMessage,
    handlers: {
      readonly onReply: (reply: FastTrackReply) => void
      readonly onSilence: (silence: RequestSilence) => void
    },
    tries = TRIES_PER_PEER,
  ): void {
    this.requests.send(peer, build, {
      onReply: handlers.onReply,
      onSilence: silence => {
        if (silence === 'timed out' && tries > 1) this.ask(peer, build, handlers, tries - 1)
        else handlers.onSilence(silence)
      },
    })
  }
}
