import type { PeerHandle, Requests } from '@onehop/overlay'
import { bytesKey, shuffled } from '@onehop/primitives'
import type { Acquaintance } from './acquaintance.ts'
import type { Contact } from './contact.ts'
import { DEPARTED_PER_ROUND, PINGS_BEFORE_DEATH } from './limits.ts'
import type { PastryMessage, Reply } from './messages.ts'
import { sharedDigits } from './node-id.ts'
import type { PastryState } from './state.ts'

/** Of the time between keep-alives: whoever was heard within it is not pinged, for one ping tells both. */
const QUIET_PART = 0.6

/** Who is alive: keep-alives in the leaf set, pings for who was silent, and the repair of what the dead leave behind. */
export class Liveness {
  private readonly state: PastryState
  private readonly requests: Requests<PastryMessage, Reply>
  private readonly acquaintance: Acquaintance

  constructor(state: PastryState, requests: Requests<PastryMessage, Reply>, acquaintance: Acquaintance) {
    this.state = state
    this.requests = requests
    this.acquaintance = acquaintance
  }

  /** Pings those of the leaf set from whom nothing was heard lately (§2.4: neighbours "exchange keep-alive messages"). */
  keepAlive(): void {
    const quietSinceMs = this.state.now() - QUIET_PART * this.state.options.keepAliveMs
    for (const contact of this.state.leafSet.members)
      if (contact.heardMs <= quietSinceMs && !contact.isSuspect) this.ping(contact, PINGS_BEFORE_DEATH)
  }

  /** Pings the contact of whom nothing was heard for longest, when that is long: one at a time, the tables stay alive. */
  checkOldest(): void {
    let oldest: Contact | undefined
    for (const contact of this.state.all())
      if (!contact.isSuspect && contact.heardMs < (oldest?.heardMs ?? Number.POSITIVE_INFINITY))
        oldest = contact
    const sinceMs = this.state.now() - this.state.options.rowMs
    if (oldest !== undefined && oldest.heardMs < sinceMs) this.ping(oldest, PINGS_BEFORE_DEATH)
  }

  /** A peer did not answer: it is avoided, and pinged until it answers or is taken for dead. */
  suspect(peer: PeerHandle): void {
    const contact = this.state.contactOf(peer)
    if (contact === undefined || contact.isSuspect) return
    contact.isSuspect = true
    this.ping(contact, PINGS_BEFORE_DEATH)
  }

  /** The peer has said that it leaves. */
  onFarewell(peer: PeerHandle): void {
    const contact = this.state.contactOf(peer)
    if (contact !== undefined) this.bury(contact)
  }

  /** Asks some of those who are gone whether they are back. */
  lookForDeparted(): void {
    const departed = shuffled(() => this.state.environment.random(), [...this.state.departed.values()])
    for (const { entry } of departed.slice(0, DEPARTED_PER_ROUND)) this.acquaintance.greet(entry)
  }

  /** The last ping waits longer: what is known of the round-trip time may be wrong. */
  private ping(contact: Contact, left: number): void {
    const { peer } = contact
    const usualMs = this.requests.timeoutMsOf(peer)
    const isLast = left === 1
    const timeoutMs = isLast ? Math.max(usualMs, this.state.options.defaultTimeoutMs) : usualMs
    this.requests.send(
      peer,
      request => ({ type: 'ping', request, joining: false }),
      { onReply: () => this.onPong(peer), onSilence: () => this.onNoPong(contact, left - 1) },
      { timeoutMs },
    )
  }

  private onPong(peer: PeerHandle): void {
    const contact = this.state.contactOf(peer)
    const rttMs = this.requests.roundTripMs(peer)
    if (contact !== undefined && rttMs !== undefined) this.state.measured(contact, rttMs)
  }

  private onNoPong(contact: Contact, left: number): void {
    if (this.state.contactOf(contact.peer) !== contact) return
    contact.isSuspect = true
    if (left > 0) this.ping(contact, left)
    else this.bury(contact)
  }

  private bury(contact: Contact): void {
    const { state } = this
    state.handles.while(contact.peer, () => {
      const wasLeaf = state.forget(contact)
      state.departed.set(bytesKey(contact.entry.id), { entry: contact.entry, atMs: state.now() })
      if (wasLeaf) this.repairLeafSet(contact)
      else this.repairRow(contact)
    })
  }

  /** The live member farthest out on the side of the dead one knows who comes next there (§2.4). */
  private repairLeafSet(dead: Contact): void {
    const far = this.state.leafSet.farEndBeside(dead.id)
    if (far !== undefined) this.acquaintance.exchange(far, () => this.suspect(far.peer))
  }

  /** Another node of the same row, or of the next one, may know somebody for the place (§2.4). */
  private repairRow(dead: Contact): void {
    const { table, ownId, options } = this.state
    const row = sharedDigits(ownId, dead.id, options.digitBits)
    const [helper] = [...table.row(row), ...table.row(row + 1)].filter(({ isSuspect }) => !isSuspect)
    if (helper !== undefined) this.acquaintance.askRow(helper, row, () => this.suspect(helper.peer))
  }
}
