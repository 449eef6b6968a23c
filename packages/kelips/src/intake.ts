import {
  checkPointer,
  type PeerHandle,
  type Pointer,
  pointerName,
  SignatureChecks,
  verifyPointer,
} from '@onehop/overlay'
import { BoundedMap, equalBytes, invalid } from '@onehop/primitives'
import { compactRecord } from './compact.ts'
import type { PointerId, PutResult } from './filetuples.ts'
import {
  MAX_PENDING_VERIFICATIONS,
  MAX_PENDING_VERIFICATIONS_PER_PEER,
  MAX_VERIFIED_POINTERS,
} from './limits.ts'
import {
  checkRecord,
  checkRecordTime,
  type MemberEntry,
  type MemberRecord,
  recordPayload,
} from './member-record.ts'
import type { UpdateResult } from './roster.ts'
import type { KelipsState } from './state.ts'

/** What others want to know of what was taken in. */
export interface IntakeListener {
  onMember(peer: PeerHandle, result: UpdateResult): void
  onPointer(id: PointerId, result: PutResult): void
}

const IGNORE = () => {}

/**
 * The door to the tables: form, age and signature of everything that peers say. What the tables would not take is not
 * looked at further, and what is known to be genuine is not verified again: most of what comes ends there. Who passes
 * on a forgery is to blame, for honest nodes pass on what they have verified.
 */
export class Intake {
  private readonly state: KelipsState
  private readonly listener: IntakeListener
  private readonly checks: SignatureChecks
  /** Verified pointers that are not in the tables, so that repeated lookups verify nothing twice. */
  private verified: BoundedMap<string, Pointer> | undefined

  constructor(state: KelipsState, listener: IntakeListener) {
    this.state = state
    this.listener = listener
    this.checks = new SignatureChecks(state.handles, () => state.phase === 'left', {
      inAll: MAX_PENDING_VERIFICATIONS,
      perPeer: MAX_PENDING_VERIFICATIONS_PER_PEER,
    })
  }

  /**
   * Takes in what somebody says about members. Most of it is no news, and ends without anything being made for it: a
   * large simulation has a million entries a second here.
   * @param done called when all of them have been judged.
   */
  members(entries: readonly MemberEntry[], from: PeerHandle, done?: () => void): void {
    const { handles, environment, roster, lifetimes, trust } = this.state
    const tally = done && new Tally(done)
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      const { record, ageMs } = entry
      const peer = record.signer ?? environment.intern(record.id)
      const isWanted = ageMs < lifetimes.memberMs && roster.wants(peer, record, ageMs)
      if (isWanted && !trust.isDistrusted(peer)) {
        handles.enter(peer)
        this.takeMember(peer, entry, from, tally)
        handles.exit()
      } else handles.letGo(peer)
    }
    tally?.close()
  }

  /**
   * Verifies records that the tables may have no room for, for somebody who wants to ask those peers.
   * Afterwards the genuine ones are known by their `genuine`; those that the tables want are in them.
   */
  vouch(entries: readonly MemberEntry[], from: PeerHandle, done: () => void): void {
    const tally = new Tally(() => this.members(entries, from, done))
    for (const { record } of entries) {
      const isWorthChecking = record.genuine !== record && this.isAcceptable(record, from)
      if (isWorthChecking) this.checkRecord(record, from, tally.begin())
    }
    tally.close()
  }

  /**
   * Takes pointers into the filetuples.
   * @param done told how many of them are held now, in the version given or a later one.
   */
  store(pointers: readonly Pointer[], from: PeerHandle, done: (held: number) => void = IGNORE): void {
    const own = pointers.filter(pointer => this.state.isHolder(pointer.key))
    this.verify(own, from, valid => {
      let held = 0
      for (const pointer of valid) {
        const result = this.state.filetuples.put(pointer)
        if (result !== 'full') held++
        this.listener.onPointer(this.state.filetuples.slotOf(pointer), result)
      }
      done(held)
    })
  }

  /** Hands on those of the pointers whose form, time and signature are right. */
  verify(pointers: readonly Pointer[], from: PeerHandle, done: (valid: Pointer[]) => void): void {
    const valid: Pointer[] = []
    const tally = new Tally(() => done(valid))
    for (const pointer of pointers) {
      const verdict = checkPointer(pointer, this.state.nowS())
      if (!verdict.ok) {
        if (verdict.blame === 'sender') this.state.trust.blame(from, verdict)
        continue
      }
      const known = pointer.genuine === pointer ? pointer : this.knownAs(pointer)
      if (known !== undefined) valid.push(known)
      else this.verifySignature(pointer, from, valid, tally.begin())
    }
    tally.close()
  }

  /** The same pointer, of which the signature has been found right. */
  private knownAs(pointer: Pointer): Pointer | undefined {
    const known = this.state.filetuples.versionOf(pointer) ?? this.verified?.get(pointerName(pointer))
    if (known === undefined || known.sequence !== pointer.sequence) return undefined
    return equalBytes(known.signature, pointer.signature) ? known : undefined
  }

  private verifySignature(pointer: Pointer, from: PeerHandle, valid: Pointer[], done: () => void): void {
    const { environment, trust } = this.state
    const check = (answer: (isValid: boolean) => void) =>
      verifyPointer(pointer, environment.verify.bind(environment), answer)
    this.checks.run(from, check, isValid => {
      if (isValid === true) {
        this.verified ??= new BoundedMap(MAX_VERIFIED_POINTERS)
        this.verified.set(pointerName(pointer), pointer)
        valid.push(pointer)
      } else if (isValid === false) trust.blame(from, invalid('kelips-forged-pointer'))
      done()
    })
  }

  private takeMember(peer: PeerHandle, entry: MemberEntry, from: PeerHandle, tally: Tally | undefined): void {
    const { record } = entry
    if (record.genuine === record) {
      const { environment, lifetimes } = this.state
      if (checkRecordTime(record, environment.now(), lifetimes.memberMs).ok) this.accept(peer, entry)
    } else if (this.isAcceptable(record, from)) this.verifyMember(peer, entry, from, tally?.begin())
  }

  private verifyMember(
    peer: PeerHandle,
    entry: MemberEntry,
    from: PeerHandle,
    done: (() => void) | undefined,
  ): void {
    const { handles } = this.state
    handles.hold(peer)
    this.checkRecord(entry.record, from, isGenuine => {
      if (isGenuine) this.accept(peer, entry)
      handles.drop(peer)
      done?.()
    })
  }

  private isAcceptable(record: MemberRecord, from: PeerHandle): boolean {
    const { environment, lifetimes, trust } = this.state
    const verdict = checkRecord(record, environment.now(), lifetimes.memberMs)
    if (!verdict.ok && verdict.blame === 'sender') trust.blame(from, verdict)
    return verdict.ok
  }

  private checkRecord(record: MemberRecord, from: PeerHandle, done: (isGenuine: boolean) => void): void {
    const { environment, trust } = this.state
    const check = (answer: (isValid: boolean) => void) =>
      environment.verify(record.id, record, () => recordPayload(record), answer)
    this.checks.run(from, check, isValid => {
      if (isValid === false) trust.blame(from, invalid('kelips-forged-member'))
      done(isValid === true)
    })
  }

  private accept(peer: PeerHandle, entry: MemberEntry): void {
    const record = compactRecord(entry.record)
    const result = this.state.roster.update(peer, { record, ageMs: entry.ageMs })
    if (result === 'new' || result === 'fresher')
      this.state.environment.learnAddresses(peer, record.addresses)
    if (result !== 'old') this.listener.onMember(peer, result)
  }
}

/** Calls back once: when it is closed and everything begun has ended. */
class Tally {
  private open = 1
  private readonly done: () => void

  constructor(done: () => void) {
    this.done = done
  }

  /** @returns what to call when it has ended. */
  begin(): () => void {
    this.open++
    return () => this.close()
  }

  close(): void {
    this.open--
    if (this.open === 0) this.done()
  }
}
