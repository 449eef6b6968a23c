import type { PeerAddress, PeerId } from '@onehop/overlay'
import { sha256 } from '@onehop/primitives'

/** Bytes before the 32-byte key in the peer id of an Ed25519 identity (identity multihash of the public key). */
const ED25519_PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const PUBLIC_KEY_BYTES = 32
const PEER_ID_BYTES = ED25519_PEER_ID_PREFIX.length + PUBLIC_KEY_BYTES
/** The last bytes of an id say whose it is, and so does a property, so that nobody has to search for it. */
const NUMBER_AT = PEER_ID_BYTES - 4
const SIGNATURE_BYTES = 64

/** An id as its identity made it; a copy has the bytes only. */
type NumberedId = PeerId & { readonly node?: number }
const FNV_PRIME = 0x01000193

/**
 * A node's name and its signatures. They have the length of Ed25519's and nobody can make another node's, for the
 * secret stays here; but no curve is computed: what they cost is two passes of a small hash.
 */
export class VirtualIdentity {
  readonly id: PeerId
  readonly addresses: readonly PeerAddress[]
  private readonly secret: number

  /** @param publicKey 32 bytes, unique to the node, with its number at the end. */
  constructor(publicKey: Uint8Array, node: number, secret: number) {
    this.id = new Uint8Array(PEER_ID_BYTES)
    this.id.set(ED25519_PEER_ID_PREFIX)
    this.id.set(publicKey, ED25519_PEER_ID_PREFIX.length)
    Object.defineProperty(this.id, 'node', { value: node })
    this.addresses = [addressOf(node)]
    this.secret = secret
  }

  sign(payload: Uint8Array): Uint8Array {
    const signature = new Uint8Array(SIGNATURE_BYTES)
    const first = mix(payload, this.secret)
    const second = mix(payload, first ^ 0x5bd1e995)
    writeWord(signature, 0, first)
    writeWord(signature, 4, second)
    writeWord(signature, 60, first ^ second)
    return signature
  }

  verify(payload: Uint8Array, signature: Uint8Array): boolean {
    const expected = this.sign(payload)
    return signature.length === SIGNATURE_BYTES && expected.every((byte, i) => byte === signature[i])
  }
}

/** The identity of a node of a simulation: the same for the same seed and number. */
export function virtualIdentity(seed: number, node: number, secret: number): VirtualIdentity {
  const publicKey = sha256(Uint8Array.from([...wordBytes(seed), ...wordBytes(node)]))
  writeWord(publicKey, PUBLIC_KEY_BYTES - 4, node)
  return new VirtualIdentity(publicKey, node, secret)
}

/** The number of the node whose id this would be, if it is one of a virtual identity at all. */
export function nodeNamedBy(id: NumberedId): number {
  if (id.node !== undefined) return id.node
  if (id.length !== PEER_ID_BYTES) return -1
  return (id[NUMBER_AT]! << 24) | (id[NUMBER_AT + 1]! << 16) | (id[NUMBER_AT + 2]! << 8) | id[NUMBER_AT + 3]!
}

/** /ip4/10.x.y.z/tcp/4001 as the bytes of a multiaddr: 8 bytes. */
function addressOf(node: number): PeerAddress {
  return Uint8Array.of(0x04, 10, (node >>> 16) & 0xff, (node >>> 8) & 0xff, node & 0xff, 0x06, 0x0f, 0xa1)
}

function mix(bytes: Uint8Array, start: number): number {
  let hash = start ^ 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME)
  return hash ^ (hash >>> 16)
}

function wordBytes(word: number): number[] {
  return [(word >>> 24) & 0xff, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff]
}

function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24
  target[at + 1] = word >>> 16
  target[at + 2] = word >>> 8
  target[at + 3] = word
}
