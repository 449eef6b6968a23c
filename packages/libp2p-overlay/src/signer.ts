import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import type { PeerId } from '@onehop/overlay'
import { BoundedMap, bytesToHex } from '@onehop/primitives'
import {
  INSTANT_VERIFICATIONS,
  MAX_CACHED_KEYS,
  MAX_VERIFICATION_BACKLOG,
  VERIFICATION_BACKLOG,
  VERIFICATION_BACKLOG_PER_SENDER,
  VERIFICATIONS_PER_TURN,
} from './limits.ts'
import { libp2pPeerId } from './peer-table.ts'

const SIGNATURE_BYTES = 64
const SEED_BYTES = 32

/** On whose account checks are that no message brought. */
const OURSELVES = ''

interface Check {
  readonly signer: PeerId
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly done: (valid: boolean) => void
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** Signs with a libp2p Ed25519 key. The key object is made once: that costs more than a signature. */
export function ed25519Signer(privateKey: PrivateKey): (payload: Uint8Array) => Uint8Array {
  if (privateKey.type !== 'Ed25519') throw new TypeError('overlays sign with Ed25519 keys only')
  const seed = privateKey.raw.subarray(0, SEED_BYTES)
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: base64url(seed), x: base64url(privateKey.publicKey.raw) }
  const key = createPrivateKey({ format: 'jwk', key: jwk })
  return payload => new Uint8Array(sign(null, payload, key))
}

/** The Ed25519 key that the peer id embeds, or undefined for any other id. */
function embeddedKey(id: PeerId): KeyObject | undefined {
  try {
    const peerId = libp2pPeerId(id)
    if (peerId.type !== 'Ed25519') return undefined
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(peerId.publicKey.raw) }
    return createPublicKey({ format: 'jwk', key: jwk })
  } catch {
    return undefined
  }
}

/**
 * Checks signatures off the hot path: a few in each turn of the event loop, from every sender in turn, so that one
 * sender's flood delays nobody else's.
 */
export class VerificationQueue {
  /** What waits, by sender, in the order in which the senders' turns come. */
  private readonly waiting = new Map<string, Check[]>()
  private readonly keys = new BoundedMap<string, KeyObject>(MAX_CACHED_KEYS)
  private sender = OURSELVES
  private size = 0
  private turn: NodeJS.Immediate | undefined
  /** How many more may be checked at once in this turn. */
  private instant = INSTANT_VERIFICATIONS
  private refill: NodeJS.Immediate | undefined

  /**
   * So much of this sender's is waiting that more should be turned away at the door. When the queue is long, those who
   * have something in it wait for their turn, and only those who have nothing are let in.
   */
  isSaturatedBy(sender: string): boolean {
    const own = this.waiting.get(sender)?.length ?? 0
    if (own >= VERIFICATION_BACKLOG_PER_SENDER || this.size >= MAX_VERIFICATION_BACKLOG) return true
    return own > 0 && this.size >= VERIFICATION_BACKLOG
  }

  /** Checks that are added meanwhile are on this sender's account. */
  onAccountOf(sender: string, work: () => void): void {
    const before = this.sender
    this.sender = sender
    try {
      work()
    } finally {
      this.sender = before
    }
  }

  /** Calls back at once while little is asked, else later; false for an id that embeds no Ed25519 key. */
  add(check: Check): void {
    if (this.size === 0 && this.instant > 0) this.checkNow(check)
    else this.enqueue(check)
  }

  private checkNow(check: Check): void {
    this.instant--
    this.refill ??= setImmediate(() => {
      this.refill = undefined
      this.instant = INSTANT_VERIFICATIONS
    })
    check.done(this.isValid(check))
  }

  private enqueue(check: Check): void {
    const checks = this.waiting.get(this.sender)
    if (checks === undefined) this.waiting.set(this.sender, [check])
    else checks.push(check)
    this.size++
    this.turn ??= setImmediate(() => this.runTurn())
  }

  /** Forgets what is waiting. */
  stop(): void {
    clearImmediate(this.turn)
    clearImmediate(this.refill)
    this.turn = undefined
    this.waiting.clear()
    this.size = 0
  }

  private runTurn(): void {
    this.turn = undefined
    for (let done = 0; done < VERIFICATIONS_PER_TURN && this.size > 0; done++) this.runNext()
    if (this.size > 0) this.turn ??= setImmediate(() => this.runTurn())
  }

  /** One check of the sender whose turn it is, who then goes to the end of the line. */
  private runNext(): void {
    for (const [sender, checks] of this.waiting) {
      const check = checks.shift()
      this.waiting.delete(sender)
      if (checks.length > 0) this.waiting.set(sender, checks)
      if (check === undefined) continue
      this.size--
      this.onAccountOf(sender, () => check.done(this.isValid(check)))
      return
    }
  }

  private isValid({ signer, payload, signature }: Check): boolean {
    if (signature.length !== SIGNATURE_BYTES) return false
    const key = this.keyOf(signer)
    return key !== undefined && verify(null, payload, key, signature)
  }

  private keyOf(id: PeerId): KeyObject | undefined {
    const name = bytesToHex(id)
    const cached = this.keys.touch(name)
    if (cached !== undefined) return cached
    const key = embeddedKey(id)
    if (key !== undefined) this.keys.set(name, key)
    return key
  }
}
