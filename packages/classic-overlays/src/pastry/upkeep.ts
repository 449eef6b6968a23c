import type { Acquaintance } from './acquaintance.ts'
import type { Contact } from './contact.ts'
import type { Forwarding } from './forwarding.ts'
import type { Journeys } from './journeys.ts'
import type { Liveness } from './liveness.ts'
import type { PastryState } from './state.ts'

/** What the upkeep sets to work. */
export interface UpkeepParts {
  readonly state: PastryState
  readonly acquaintance: Acquaintance
  readonly liveness: Liveness
  readonly forwarding: Forwarding
  readonly journeys: Journeys
}

/** Contacts that are looked after in the time in which one row is improved: a dial each, where connections cost. */
const CHECKS_PER_ROW = 3

/** What keeps the tables right from tick to tick. */
export class Upkeep {
  private readonly parts: UpkeepParts
  private exchangeAtMs = 0
  private rowAtMs = 0
  private departedAtMs = 0
  private checkAtMs = 0
  private exchanges = 0

  constructor(parts: UpkeepParts) {
    this.parts = parts
  }

  tick(): void {
    const { state, liveness } = this.parts
    const nowMs = state.now()
    liveness.keepAlive()
    if (nowMs >= this.checkAtMs) this.checkOldest()
    if (nowMs >= this.exchangeAtMs) this.exchange()
    if (nowMs >= this.rowAtMs) this.improveRow()
    if (nowMs >= this.departedAtMs) this.lookForDeparted()
  }

  private checkOldest(): void {
    const { state, liveness } = this.parts
    this.checkAtMs = state.now() + state.options.rowMs / CHECKS_PER_ROW
    liveness.checkOldest()
  }

  /** After a partition they are there again. */
  private lookForDeparted(): void {
    const { state, liveness } = this.parts
    this.departedAtMs = state.now() + state.options.rejoinMs
    if (state.departed.size > 0) liveness.lookForDeparted()
  }

  /** By turns with the next neighbour on either side, and with anybody of the leaf set. */
  private exchange(): void {
    const { state, acquaintance, liveness } = this.parts
    const { larger, smaller, members } = state.leafSet
    this.exchangeAtMs = state.now() + state.options.exchangeMs
    const partners = [larger[0], smaller[0], this.drawn(members)]
    const partner = partners[this.exchanges++ % partners.length]
    if (partner !== undefined) acquaintance.exchange(partner, () => liveness.suspect(partner.peer))
  }

  /** Asks somebody of a row for that row, and takes whoever is nearer (Castro et al. 2002, routing table maintenance). */
  private improveRow(): void {
    const { state, acquaintance, liveness } = this.parts
    const { table, environment, options } = state
    this.rowAtMs = state.now() + options.rowMs * (0.75 + 0.5 * environment.random())
    const row = Math.floor(environment.random() * table.depth)
    const contact = this.drawn(table.row(row))
    if (contact === undefined) return
    acquaintance.askRow(contact, row, () => liveness.suspect(contact.peer))
    this.lookForOurselves(contact)
  }

  /** Whoever is closest to our own id for somebody else should be in our leaf set: it is not when there are two rings. */
  private lookForOurselves(contact: Contact): void {
    const { state, acquaintance, forwarding, journeys } = this.parts
    const begin = (number: number) => {
      const origin = state.own
      const route = { request: 0, hops: 0, detours: 0, attempt: 0, origin, number }
      forwarding.startVia(contact.peer, { type: 'route', errand: 'near', ...route })
    }
    journeys.begin(
      begin,
      (arrival, from) => {
        if (arrival.type === 'leaves') acquaintance.onNamed(from, arrival.sender, arrival.members)
      },
      () => {},
    )
  }

  private drawn(contacts: readonly Contact[]): Contact | undefined {
    return contacts[Math.floor(this.parts.state.environment.random() * contacts.length)]
  }
}
