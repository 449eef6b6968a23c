import { checkPointer, encodePointer, type PeerHandle, type Pointer, verifyPointer } from '@onehop/overlay'
import { BoundedMap, bytesKey, equalBytes, invalid } from '@onehop/primitives'
import { compactRecord } from './compact.ts'
import { type PointerId, type PutResult, pointerId } from './filetuples.ts'
import { MAX_PENDING_VERIFICATIONS, MAX_VERIFIED_POINTERS, MAX_WAITING_FOR_RECORD } from './limits.ts'
import { checkRecord, type MemberEntry, recordPayload } from './member-record.ts'
import type { UpdateResult } from './roster.ts'
import type { KelipsState } from './state.ts'

/** What others want to know of what was taken in. */
export interface IntakeListener {
  onMember(peer: PeerHandle, result: UpdateResult): void
  onPointer(id: PointerId, result: PutResult): void
}

/**
 * The door to the tables: form, age and signature of everything that peers say. What is known already is not
 * verified again; who passes on a forgery is to blame, for honest nodes pass on what they have verified.
 */
export class Intake {
  private readonly state: KelipsState
  private readonly listener: IntakeListener
  private readonly verified = new BoundedMap<PointerId, Pointer>(MAX_VERIFIED_POINTERS)
  /** Records whose signatures are being checked, and who else waits for the result. */
  private readonly recordsUnderWay = new Map<string, (() => void)[]>()
  private pending = 0

  constructor(state: KelipsState, listener: IntakeListener) {
    this.state = state
    this.listener = listener
  }

  /** Takes in what somebody says about members. `done` when all of them have been judged. */
  members(entries: readonly MemberEntry[], from: PeerHandle, done: () => void = () => {}): void {
    const finish = countdown(entries.length, done)
    for (const entry of entries) this.member(entry, from, finish)
  }

  /**
   * Takes pointers into the filetuples.
   * @param done told how many of them are held now, in the version given or a later one.
   */
  store(pointers: readonly Pointer[], from: PeerHandle, done: (held: number) => void = () => {}): void {
    this.verify(
      pointers.filter(pointer => this.state.isHolder(pointer.key)),
      from,
      valid => {
        let held = 0
        for (const pointer of valid) {
          const result = this.state.filetuples.put(pointer)
          if (result !== 'full') held++
          this.listener.onPointer(pointerId(pointer), result)
        }
        done(held)
      },
    )
  }

  /** Hands on those of the pointers whose form, time and signature are right. */
  verify(pointers: readonly Pointer[], from: PeerHandle, done: (valid: Pointer[]) => void): void {
    const valid: Pointer[] = []
    const finish = countdown(pointers.length, () => done(valid))
    for (const pointer of pointers) {
      this.verifyOne(pointer, from, isValid => {
        if (isValid) valid.push(pointer)
        finish()
      })
    }
  }

  private verifyOne(pointer: Pointer, from: PeerHandle, done: (valid: boolean) => void): void {
    const verdict = checkPointer(pointer, this.state.nowS())
    if (!verdict.ok) {
      if (verdict.blame === 'sender') this.state.environment.penalise(from, verdict)
      done(false)
    } else if (this.isVerified(pointer)) done(true)
    else this.verifySignature(pointer, from, done)
  }

  private isVerified(pointer: Pointer): boolean {
    const id = pointerId(pointer)
    const known = this.state.filetuples.getById(id) ?? this.verified.get(id)
    if (known === undefined || known.sequence !== pointer.sequence) return false
    return known === pointer || equalBytes(encodePointer(known), encodePointer(pointer))
  }

  private verifySignature(pointer: Pointer, from: PeerHandle, done: (valid: boolean) => void): void {
    const { environment } = this.state
    this.guarded(from, 'kelips-forged-pointer', done, answer =>
      verifyPointer(pointer, environment.verify.bind(environment), valid => {
        if (valid) this.verified.set(pointerId(pointer), pointer)
        answer(valid)
      }),
    )
  }

  private member(entry: MemberEntry, from: PeerHandle, done: () => void): void {
    const { environment, options, handles } = this.state
    const verdict = checkRecord(entry.record, environment.now(), options.memberLifetimeMs)
    if (!verdict.ok) {
      if (verdict.blame === 'sender') environment.penalise(from, verdict)
      done()
      return
    }
    handles.with(entry.record.id, peer => this.memberOf(peer, entry, from, done))
  }

  private memberOf(peer: PeerHandle, entry: MemberEntry, from: PeerHandle, done: () => void): void {
    const { environment, options, roster } = this.state
    const isOld = entry.ageMs >= options.memberLifetimeMs
    const underWay = `${bytesKey(entry.record.id)}/${entry.record.heartbeat}`
    const isNews = peer !== environment.self && !isOld && roster.isNews(peer, entry.record)
    if (!isNews) {
      done()
      return
    }
    const others = this.recordsUnderWay.get(underWay)
    if (others !== undefined) {
      if (others.length < MAX_WAITING_FOR_RECORD) others.push(done)
      else done()
      return
    }
    const waiting = [done]
    this.recordsUnderWay.set(underWay, waiting)
    this.state.handles.hold(peer)
    const settle = (valid: boolean) => {
      this.recordsUnderWay.delete(underWay)
      if (valid) this.accept(peer, entry)
      this.state.handles.drop(peer)
      for (const each of waiting) each()
    }
    const { record } = entry
    this.guarded(from, 'kelips-forged-member', settle, answer =>
      environment.verify(record.id, record, () => recordPayload(record), answer),
    )
  }

  private accept(peer: PeerHandle, entry: MemberEntry): void {
    const record = compactRecord(entry.record)
    const result = this.state.roster.update(peer, { record, ageMs: entry.ageMs })
    if (result !== 'old' && result !== 'left') this.state.environment.learnAddresses(peer, record.addresses)
    if (result !== 'old') this.listener.onMember(peer, result)
  }

  /** Runs one verification among not too many, holds its sender, and blames it for a wrong signature. */
  private guarded(
    from: PeerHandle,
    code: string,
    done: (valid: boolean) => void,
    verify: (answer: (valid: boolean) => void) => void,
  ): void {
    if (this.pending >= MAX_PENDING_VERIFICATIONS || this.state.phase === 'left') {
      done(false)
      return
    }
    this.pending++
    this.state.handles.hold(from)
    verify(valid => {
      this.pending--
      if (this.state.phase === 'left') return
      if (!valid) this.state.environment.penalise(from, invalid(code))
      done(valid)
      this.state.handles.drop(from)
    })
  }
}

/** A function that calls `done` when it has been called `count` times; at once for a count of 0. */
function countdown(count: number, done: () => void): () => void {
  let left = count
  if (left === 0) done()
  return () => {
    left--
    if (left === 0) done()
  }
}
