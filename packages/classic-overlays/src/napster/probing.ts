import {
  type Cancel,
  Costs,
  type Failure,
  type Outcome,
  ownEntry,
  type PeerHandle,
  type Pointer,
} from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { DIAL_ROUND_TRIPS, MAX_FAVOURS_PER_SWEEP, MAX_PROBED_HOSTS, TRIES_BETWEEN_SERVERS } from './limits.ts'
import type { Call } from './messages.ts'
import type { NapsterState } from './state.ts'

/** A host of an answer, and how far it is. */
export interface ProbedHost {
  readonly pointer: Pointer
  /** Absent when it did not answer. */
  readonly rttMs?: number
}

/** Asks the server, or as a server itself its clients and the other servers, to have a host call. */
export type RelayCall = (call: Call) => boolean

interface AwaitedCall {
  readonly host: string
  readonly onCall: () => void
}

const TOKENS = 0xffff_ffff

/** The client's probes: hosts are pinged, and who cannot be dialled is asked, through the server, to call. */
export class Probing {
  private readonly state: NapsterState
  private readonly relayCall: RelayCall
  private readonly awaited = new Map<number, AwaitedCall>()
  private readonly cancels = new Set<Cancel>()
  /** Calls made for others since the last round. */
  private calls = 0

  constructor(state: NapsterState, relayCall: RelayCall) {
    this.state = state
    this.relayCall = relayCall
  }

  /** Another peer pings, or a host calls as we have asked. */
  onPing(from: PeerHandle, request: number, token: number): void {
    this.state.environment.send(from, { type: 'pong', request })
    const call = this.awaited.get(token)
    if (call !== undefined && call.host === bytesKey(this.state.environment.idOf(from))) call.onCall()
  }

  /** Our server says that somebody cannot dial us: we dial. */
  onCall({ caller, token }: Call): void {
    const { environment, handles } = this.state
    if (this.calls === MAX_FAVOURS_PER_SWEEP || this.state.isSelf(caller.id)) return
    this.calls++
    handles.while(environment.intern(caller.id), peer => {
      if (caller.addresses.length > 0) environment.learnAddresses(peer, caller.addresses)
      environment.send(peer, { type: 'ping', request: 0, token })
    })
  }

  tick(): void {
    this.calls = 0
  }

  /** Pings the provider; one that cannot be dialled is asked to call. Done when a connection stands. */
  deliver(pointer: Pointer, done: (outcome: Outcome) => void): void {
    const costs = new Costs(this.state.nowMs)
    const finish = (failure?: Failure) => {
      const result =
        failure === undefined ? { pointers: [pointer], hops: 1, acknowledgements: 1 } : { failure }
      done(costs.outcome(this.state.nowMs, result))
    }
    if (this.state.isSelf(pointer.provider)) {
      finish()
      return
    }
    this.ping(pointer, costs, TRIES_BETWEEN_SERVERS, failure => {
      if (failure === undefined) finish()
      else this.call(pointer, costs, failure, finish)
    })
  }

  /**
   * Pings the hosts of an answer side by side: the nearest first, those that did not answer at the end.
   * @param pointers of them the first {@link MAX_PROBED_HOSTS} are looked at.
   */
  rank(pointers: readonly Pointer[], done: (hosts: readonly ProbedHost[]) => void): void {
    const hosts: { readonly pointer: Pointer; rttMs?: number }[] = []
    for (const pointer of pointers.slice(0, MAX_PROBED_HOSTS)) hosts.push({ pointer })
    const startedMs = this.state.nowMs
    let pending = 1
    const end = () => {
      pending--
      if (pending > 0) return
      done(hosts.sort((a, b) => (a.rttMs ?? Number.MAX_VALUE) - (b.rttMs ?? Number.MAX_VALUE)))
    }
    for (const host of hosts) {
      pending++
      this.ping(host.pointer, new Costs(startedMs), 1, failure => {
        if (failure === undefined) host.rttMs = this.state.nowMs - startedMs
        end()
      })
    }
    end()
  }

  leave(): void {
    for (const cancel of this.cancels) cancel()
    this.cancels.clear()
    this.awaited.clear()
  }

  private ping(
    { provider, addresses }: Pointer,
    costs: Costs,
    tries: number,
    done: (failure?: Failure) => void,
  ): void {
    const { environment, handles } = this.state
    if (this.state.isSelf(provider)) {
      done()
      return
    }
    handles.while(environment.intern(provider), peer => {
      if (addresses.length > 0) environment.learnAddresses(peer, addresses)
      this.state.ask(
        peer,
        request => ({ type: 'ping', request, token: 0 }),
        { tries, costs },
        { onReply: () => done(), onSilence: silence => done(silence) },
      )
    })
  }

  private call(pointer: Pointer, costs: Costs, failure: Failure, done: (failure?: Failure) => void): void {
    const { environment, options } = this.state
    const token = 1 + Math.floor(environment.random() * TOKENS)
    const host = pointer.provider
    costs.messages++
    const call: Call = { type: 'call', token, host, caller: ownEntry(environment) }
    if (this.awaited.has(token) || !this.relayCall(call)) {
      done(failure)
      return
    }
    const finish = (result?: Failure) => {
      this.awaited.delete(token)
      this.cancels.delete(cancel)
      cancel()
      done(result)
    }
    const timeoutMs = options.defaultTimeoutMs * (2 + DIAL_ROUND_TRIPS)
    const cancel = environment.setTimer(timeoutMs, () => finish(failure))
    this.cancels.add(cancel)
    this.awaited.set(token, { host: bytesKey(host), onCall: () => finish() })
  }
}
