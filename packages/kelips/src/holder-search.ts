import { type Key, keyHash32, type PeerHandle } from '@onehop/overlay'
import { shuffled } from '@onehop/primitives'
import { rankedFor } from './candidates.ts'
import type { Intake } from './intake.ts'
import { LOOKUP_HELPERS, MAX_TAUGHT_PER_ANSWER, TAUGHT_PER_HELPER } from './limits.ts'
import type { Reply } from './messages.ts'
import type { Requests } from './requests.ts'
import type { KelipsState } from './state.ts'

/**
 * Peers that are to hold a key, come by in several ways that have nothing to do with one another: known ones, and those
 * that members of the own group know. A publication that goes to all of them is not lost because the few contacts of
 * this node happen to be liars.
 */
export class HolderSearch {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake
  private readonly key: Key
  private readonly done: (holders: readonly PeerHandle[]) => void
  /** Each with its handle held. */
  private readonly holders: PeerHandle[] = []
  private outstanding = 0

  /** @param done told the holders, the best known first; their handles are held for the duration of the call. */
  constructor(
    parts: { readonly state: KelipsState; readonly requests: Requests; readonly intake: Intake },
    key: Key,
    done: (holders: readonly PeerHandle[]) => void,
  ) {
    this.state = parts.state
    this.requests = parts.requests
    this.intake = parts.intake
    this.key = key
    this.done = done
  }

  /** @param enough with so many known already nobody is asked. */
  start(enough: number): void {
    const { roster, environment } = this.state
    const known = rankedFor(this.state, keyHash32(this.key)).filter(peer => !roster.isSuspect(peer))
    for (const peer of known.slice(0, enough)) this.add(peer)
    const isKnown = (peer: PeerHandle) => this.holders.includes(peer) || roster.isSuspect(peer)
    const others = this.holders.length < enough ? roster.view().filter(peer => !isKnown(peer)) : []
    const helpers = shuffled(() => environment.random(), others).slice(0, LOOKUP_HELPERS)
    this.outstanding = helpers.length
    if (helpers.length === 0) this.finish()
    for (const helper of helpers) this.ask(helper)
  }

  private ask(helper: PeerHandle): void {
    let isOver = false
    const once = (then: () => void) => {
      if (isOver) return
      isOver = true
      then()
    }
    const find = { type: 'find', key: this.key, limit: 1, forPublication: true } as const
    this.requests.send(helper, request => ({ ...find, request }), {
      onReply: reply => once(() => this.onReply(helper, reply)),
      onSilence: () => once(() => this.close()),
    })
  }

  private onReply(helper: PeerHandle, reply: Reply): void {
    if (reply.type !== 'found') {
      this.close()
      return
    }
    const entries = reply.members.slice(0, MAX_TAUGHT_PER_ANSWER)
    const { handles, environment, roster } = this.state
    this.intake.vouch(entries, helper, () => {
      let taken = 0
      for (const { record } of entries) {
        handles.with(record.id, peer => {
          const isGenuine = record.genuine === record || roster.has(peer)
          if (!isGenuine || record.left || peer === environment.self || taken === TAUGHT_PER_HELPER) return
          taken++
          environment.learnAddresses(peer, record.addresses)
          this.add(peer)
        })
      }
      this.close()
    })
  }

  private add(peer: PeerHandle): void {
    if (!this.holders.includes(peer)) this.holders.push(this.state.handles.hold(peer))
  }

  private close(): void {
    this.outstanding--
    if (this.outstanding === 0) this.finish()
  }

  private finish(): void {
    this.done(this.holders)
    for (const peer of this.holders.splice(0)) this.state.handles.drop(peer)
  }
}
