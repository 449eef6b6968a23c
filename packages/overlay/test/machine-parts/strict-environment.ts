import assert from 'node:assert/strict'
import { bytesKey, SeededRandom, sha256, type Verdict } from '@onehop/primitives'
import type { Cancel, Environment, PeerAddress, PeerHandle, PeerId, Signed } from '../../src/index.ts'

interface Timer {
  readonly atMs: number
  readonly number: number
  readonly callback: () => void
}

/** The peer id that tests give their nth peer. */
export function testId(n: number): PeerId {
  return Uint8Array.of(0, n >> 8, n & 0xff)
}

/** What the signer of that id signs with: a hash, which who knows the id can make. */
export function testSignature(id: PeerId, payload: Uint8Array): Uint8Array {
  const half = sha256(Uint8Array.of(...id, ...payload))
  return Uint8Array.of(...half, ...half)
}

/**
 * One machine's world in a test: handles are used again at once, and whoever uses one that nobody holds fails; time
 * stands still until {@link advance}.
 */
export class StrictEnvironment<Message = unknown> implements Environment<Message> {
  readonly self: PeerHandle
  readonly sent: { readonly to: PeerId; readonly message: Message }[] = []
  readonly penalties: { readonly peer: PeerId; readonly verdict: Verdict }[] = []
  readonly learned: { readonly peer: PeerId; readonly addresses: readonly PeerAddress[] }[] = []
  ownAddresses: readonly PeerAddress[] = [Uint8Array.of(4, 127, 0, 0, 1)]
  /** Signatures are checked when {@link answerChecks} is called, and not at once. */
  checksLater = false
  private readonly ids: (PeerId | undefined)[] = []
  private readonly connected = new Set<string>()
  private readonly checks: (() => void)[] = []
  private readonly random32: SeededRandom
  private timers: Timer[] = []
  private timersSet = 0
  private nowMs = 1_767_225_600_000

  constructor(seed = 1) {
    this.random32 = new SeededRandom(seed)
    this.self = this.intern(testId(0))
  }

  /** Handles that are held, this node's own not counted. */
  get held(): number {
    return this.ids.filter(id => id !== undefined).length - 1
  }

  get timersWaiting(): number {
    return this.timers.length
  }

  now(): number {
    return this.nowMs
  }

  random(): number {
    return this.random32.next()
  }

  send(to: PeerHandle, message: Message): void {
    this.sent.push({ to: this.idOf(to), message })
  }

  setTimer(delayMs: number, callback: () => void): Cancel {
    const timer = { atMs: this.nowMs + delayMs, number: this.timersSet++, callback }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter(other => other !== timer)
    }
  }

  /** Lets time go by, with all timers that are due in it. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (let timer = this.nextTimer(endMs); timer !== undefined; timer = this.nextTimer(endMs)) {
      this.nowMs = timer.atMs
      this.timers = this.timers.filter(other => other !== timer)
      timer.callback()
    }
    this.nowMs = endMs
  }

  connect(id: PeerId, isConnected = true): void {
    if (isConnected) this.connected.add(bytesKey(id))
    else this.connected.delete(bytesKey(id))
  }

  isConnected(peer: PeerHandle): boolean {
    return this.connected.has(bytesKey(this.idOf(peer)))
  }

  intern(id: PeerId): PeerHandle {
    const name = bytesKey(id)
    const known = this.ids.findIndex(other => other !== undefined && bytesKey(other) === name)
    if (known >= 0) return known as PeerHandle
    const free = this.ids.indexOf(undefined)
    const peer = free < 0 ? this.ids.length : free
    this.ids[peer] = id
    return peer as PeerHandle
  }

  idOf(peer: PeerHandle): PeerId {
    const id = this.ids[peer]
    assert.ok(id !== undefined, `handle ${peer} is used, and nobody holds it`)
    return id
  }

  hash32(peer: PeerHandle): number {
    return new DataView(sha256(this.idOf(peer)).buffer).getUint32(0)
  }

  release(peer: PeerHandle): void {
    this.idOf(peer)
    assert.notEqual(peer, this.self, 'a machine does not release its own handle')
    this.ids[peer] = undefined
  }

  addresses(): readonly PeerAddress[] {
    return this.ownAddresses
  }

  learnAddresses(peer: PeerHandle, addresses: readonly PeerAddress[]): void {
    this.learned.push({ peer: this.idOf(peer), addresses })
  }

  sign(payload: Uint8Array): Uint8Array {
    return testSignature(this.idOf(this.self), payload)
  }

  verify(signer: PeerId, signed: Signed, payload: () => Uint8Array, done: (valid: boolean) => void): void {
    const answer = () => {
      const isValid = bytesKey(testSignature(signer, payload())) === bytesKey(signed.signature)
      if (isValid) signed.genuine = signed
      done(isValid)
    }
    if (this.checksLater) this.checks.push(answer)
    else answer()
  }

  /** Answers the checks that wait, at most so many. @returns how many. */
  answerChecks(most = Number.POSITIVE_INFINITY): number {
    const answered = this.checks.splice(0, most)
    for (const answer of answered) answer()
    return answered.length
  }

  penalise(peer: PeerHandle, verdict: Verdict): void {
    this.penalties.push({ peer: this.idOf(peer), verdict })
  }

  private nextTimer(endMs: number): Timer | undefined {
    const due = this.timers.filter(({ atMs }) => atMs <= endMs)
    return due.sort((a, b) => a.atMs - b.atMs || a.number - b.number)[0]
  }
}
