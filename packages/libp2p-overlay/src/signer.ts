import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import type { PeerId } from '@onehop/overlay'
import { BoundedMap, bytesToHex } from '@onehop/primitives'
import { MAX_CACHED_KEYS, VERIFICATION_BACKLOG, VERIFICATIONS_PER_TURN } from './limits.ts'
import { libp2pPeerId } from './peer-table.ts'

const SIGNATURE_BYTES = 64
const SEED_BYTES = 32

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

/** Checks signatures off the hot path: a few in each turn of the event loop. */
export class VerificationQueue {
  private readonly checks: Check[] = []
  private readonly keys = new BoundedMap<string, KeyObject>(MAX_CACHED_KEYS)
  private turn: NodeJS.Immediate | undefined

  /** So much is waiting that new work should be turned away at the door. */
  get isSaturated(): boolean {
    return this.checks.length >= VERIFICATION_BACKLOG
  }

  /** Calls back later; false for an id that embeds no Ed25519 key. */
  add(check: Check): void {
    this.checks.push(check)
    this.turn ??= setImmediate(() => this.runTurn())
  }

  /** Forgets what is waiting. */
  stop(): void {
    clearImmediate(this.turn)
    this.turn = undefined
    this.checks.length = 0
  }

  private runTurn(): void {
    this.turn = undefined
    for (const check of this.checks.splice(0, VERIFICATIONS_PER_TURN)) check.done(this.isValid(check))
    if (this.checks.length > 0) this.turn ??= setImmediate(() => this.runTurn())
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
