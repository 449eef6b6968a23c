import { randomBytes } from 'node:crypto'
import type { Cancel, Environment, PeerAddress, PeerHandle, PeerId, Signed } from '@onehop/overlay'
import type { Verdict } from '@onehop/primitives'
import { MAX_TIMEOUT_MS } from './limits.ts'
import type { PeerTable } from './peer-table.ts'
import type { VerificationQueue } from './signer.ts'

const RANDOM_POOL_BYTES = 4096
const TWO_TO_32 = 0x1_0000_0000

/** Uniform numbers in [0, 1) that peers cannot predict, drawn from the system a pool at a time. */
export function unpredictableRandom(): () => number {
  let pool = Buffer.alloc(0)
  let offset = 0
  return () => {
    if (offset >= pool.length) {
      pool = randomBytes(RANDOM_POOL_BYTES)
      offset = 0
    }
    const value = pool.readUInt32LE(offset) / TWO_TO_32
    offset += 4
    return value
  }
}

/** What the environment of a live machine is made of. */
export interface LiveParts<Message> {
  readonly table: PeerTable
  readonly verification: VerificationQueue
  readonly selfId: PeerId
  readonly now: () => number
  readonly random: () => number
  readonly addresses: () => readonly PeerAddress[]
  readonly sign: (payload: Uint8Array) => Uint8Array
  /** By the id as `peerKey` writes it. */
  readonly isConnected: (key: string) => boolean
  readonly send: (peerId: string, message: Message) => void
  readonly learnAddresses: (peerId: string, addresses: readonly PeerAddress[]) => void
  readonly penalise: (peerId: string, verdict: Verdict) => void
  /** The machine failed in a callback: a bug of ours, which must not end the process. */
  readonly onError: (error: unknown) => void
}

/** The environment over libp2p and the system clock. After {@link stop} nothing reaches the machine any more. */
export class LiveEnvironment<Message> implements Environment<Message> {
  readonly self: PeerHandle
  private readonly parts: LiveParts<Message>
  private readonly timers = new Set<NodeJS.Timeout>()
  private stopped = false

  constructor(parts: LiveParts<Message>) {
    this.parts = parts
    this.self = parts.table.intern(parts.selfId)
  }

  now(): number {
    return this.parts.now()
  }

  random(): number {
    return this.parts.random()
  }

  send(to: PeerHandle, message: Message): void {
    if (!this.stopped && to !== this.self) this.parts.send(this.parts.table.textOf(to), message)
  }

  setTimer(delayMs: number, callback: () => void): Cancel {
    if (this.stopped) return () => {}
    const timer = setTimeout(
      () => {
        this.timers.delete(timer)
        this.attempt(callback)
      },
      Math.min(delayMs, MAX_TIMEOUT_MS),
    )
    this.timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.timers.delete(timer)
    }
  }

  isConnected(peer: PeerHandle): boolean {
    return this.parts.isConnected(this.parts.table.keyOf(peer))
  }

  intern(id: PeerId): PeerHandle {
    return this.parts.table.intern(id)
  }

  idOf(peer: PeerHandle): PeerId {
    return this.parts.table.idOf(peer)
  }

  hash32(peer: PeerHandle): number {
    return this.parts.table.hash32(peer)
  }

  release(peer: PeerHandle): void {
    if (peer !== this.self) this.parts.table.release(peer)
  }

  addresses(): readonly PeerAddress[] {
    return this.parts.addresses()
  }

  learnAddresses(peer: PeerHandle, addresses: readonly PeerAddress[]): void {
    if (peer !== this.self) this.parts.learnAddresses(this.parts.table.textOf(peer), addresses)
  }

  sign(payload: Uint8Array): Uint8Array {
    return this.parts.sign(payload)
  }

  verify(signer: PeerId, signed: Signed, payload: () => Uint8Array, done: (valid: boolean) => void): void {
    const guarded = (valid: boolean) => {
      if (valid) signed.genuine = signed
      if (!this.stopped) this.attempt(() => done(valid))
    }
    if (signed.genuine === signed) guarded(true)
    else
      this.parts.verification.add({
        signer,
        payload: payload(),
        signature: signed.signature,
        done: guarded,
      })
  }

  penalise(peer: PeerHandle, verdict: Verdict): void {
    if (!verdict.ok && peer !== this.self) this.parts.penalise(this.parts.table.textOf(peer), verdict)
  }

  /** Nobody is up there to catch what a callback throws. */
  private attempt(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.parts.onError(error)
    }
  }

  /** Frees all timers; later calls of the machine do nothing. */
  stop(): void {
    this.stopped = true
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
  }
}
