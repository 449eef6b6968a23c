import { type Environment, ownAddresses, type PeerAddress } from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import type { Lifetimes } from './lifetimes.ts'
import { type MemberEntry, type MemberRecord, recordLength, recordPayload } from './member-record.ts'

/** This node's word about itself: signed anew when a heartbeat is due, or its addresses or its depth have changed. */
export class OwnRecord {
  /** What it says its depth is. */
  depth = 0
  private record: MemberRecord | undefined
  /** The addresses that the record was last compared with. */
  private compared: readonly PeerAddress[] | undefined
  private readonly environment: Environment<never>
  private readonly lifetimes: Lifetimes

  constructor(environment: Environment<never>, lifetimes: Lifetimes) {
    this.environment = environment
    this.lifetimes = lifetimes
  }

  entry(): MemberEntry {
    const nowMs = this.environment.now()
    const { record } = this
    const isDue = record === undefined || nowMs - record.heartbeat >= this.lifetimes.heartbeatMs
    const isRight = !isDue && record.depth === this.depth && this.hasOwnAddresses(record)
    const current = isRight ? record : this.sign(ownAddresses(this.environment), false)
    this.record = current
    return { record: current, ageMs: Math.max(0, nowMs - current.heartbeat) }
  }

  /** The last word. */
  farewell(): MemberEntry {
    this.record = this.sign([], true)
    return { record: this.record, ageMs: 0 }
  }

  /** Asked for every message, and the same list of addresses is compared only once. */
  private hasOwnAddresses(record: MemberRecord): boolean {
    const addresses = this.environment.addresses()
    if (addresses === this.compared) return true
    if (!sameAddresses(record.addresses, ownAddresses(this.environment))) return false
    this.compared = addresses
    return true
  }

  private sign(addresses: readonly PeerAddress[], left: boolean): MemberRecord {
    const { environment } = this
    this.compared = undefined
    const heartbeat = Math.max(Math.floor(environment.now()), (this.record?.heartbeat ?? 0) + 1)
    const unsigned = { id: environment.idOf(environment.self), addresses, heartbeat, depth: this.depth, left }
    const record = { ...unsigned, signature: environment.sign(recordPayload(unsigned)) }
    recordLength(record)
    return record
  }
}

function sameAddresses(a: readonly PeerAddress[], b: readonly PeerAddress[]): boolean {
  return a.length === b.length && a.every((address, i) => equalBytes(address, b[i]!))
}
