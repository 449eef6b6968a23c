import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { concatBytes, equalBytes, hexToBytes, ProtobufWriter } from '@onehop/primitives'

const KEY_TYPE_ED25519 = 1
const SEED_BYTES = 32
/** DER of an Ed25519 private key up to its seed (RFC 8410). */
const PKCS8_PREFIX = hexToBytes('302e020100300506032b657004220420')

/**
 * A new Ed25519 key pair as libp2p serialises private keys: a protobuf of the key type and 64 bytes, the seed and the
 * public key.
 */
export function createIdentity(): Uint8Array {
  const { d: seed } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  if (seed === undefined) throw new Error('this Node.js makes no Ed25519 keys')
  return serializeIdentity(decodeBase64Url(seed))
}

/** Whether the bytes are what {@link createIdentity} makes: its form, and a public key that belongs to the seed. */
export function isIdentity(bytes: Uint8Array): boolean {
  const seed = bytes.subarray(-2 * SEED_BYTES, -SEED_BYTES)
  return seed.length === SEED_BYTES && equalBytes(bytes, serializeIdentity(seed))
}

function serializeIdentity(seed: Uint8Array): Uint8Array {
  const der = Buffer.from(concatBytes(PKCS8_PREFIX, seed))
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const raw = concatBytes(seed, rawPublicKey(createPublicKey(privateKey)))
  return new ProtobufWriter().varint(1, KEY_TYPE_ED25519).bytes(2, raw).toBytes()
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return decodeBase64Url(key.export({ format: 'jwk' }).x ?? '')
}

function decodeBase64Url(text: string): Uint8Array {
  return hexToBytes(Buffer.from(text, 'base64url').toString('hex'))
}
