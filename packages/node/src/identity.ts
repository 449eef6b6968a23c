import { generateKeyPairSync } from 'node:crypto'
import { concatBytes, hexToBytes, ProtobufWriter } from '@onehop/primitives'

const KEY_TYPE_ED25519 = 1

/**
 * A new Ed25519 key pair as libp2p serialises private keys: a protobuf of the key type and 64 bytes, the seed and the
 * public key.
 */
export function createIdentity(): Uint8Array {
  const { d: seed, x: publicKey } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  if (seed === undefined || publicKey === undefined) throw new Error('this Node.js makes no Ed25519 keys')
  const raw = concatBytes(decodeBase64Url(seed), decodeBase64Url(publicKey))
  return new ProtobufWriter().varint(1, KEY_TYPE_ED25519).bytes(2, raw).toBytes()
}

function decodeBase64Url(text: string): Uint8Array {
  return hexToBytes(Buffer.from(text, 'base64url').toString('hex'))
}
