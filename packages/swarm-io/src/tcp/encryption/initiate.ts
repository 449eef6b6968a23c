import { concatBytes } from '@onehop/primitives'
import { GreetingError } from '../greeting-error.ts'
import type { GreetingReader } from '../greeting-reader.ts'
import type { StreamCiphers } from '../tcp-connection.ts'
import {
  CRYPTO,
  keyStreams,
  MAX_PAD_BYTES,
  numbers,
  randomPad,
  readUint16,
  readUint32,
  VERIFICATION_BYTES,
  xor,
} from './handshake-format.ts'
import { hashOf, KeyExchange, PUBLIC_KEY_BYTES } from './key-exchange.ts'

/** Bytes of `crypto_select` and the length of the padding after it. */
const SELECTION_BYTES = 6

/**
 * The side that dials (MSE): shows that it knows the infohash, and offers what the stream may be.
 * @param offer bits of {@link CRYPTO}.
 * @returns the ciphers of what follows; undefined when that is plain text.
 * @throws {GreetingError} and rejects when the connection ends.
 */
export async function initiateEncryption(
  reader: GreetingReader,
  send: (bytes: Uint8Array) => void,
  infohash: Uint8Array,
  offer: number,
): Promise<StreamCiphers | undefined> {
  const exchange = new KeyExchange()
  send(concatBytes(exchange.publicKey, randomPad()))
  const secret = exchange.sharedSecret(await reader.take(PUBLIC_KEY_BYTES))
  const { a, b } = keyStreams(secret, infohash)
  const proof = xor(hashOf('req2', infohash), hashOf('req3', secret))
  const pad = randomPad()
  const sealed = concatBytes(
    new Uint8Array(VERIFICATION_BYTES),
    numbers([offer, 4], [pad.length, 2]),
    pad,
    // No initial payload: BitTorrent's handshake comes when the other has chosen.
    numbers([0, 2]),
  )
  a.apply(sealed)
  send(concatBytes(hashOf('req1', secret), proof, sealed))
  const verification = new Uint8Array(VERIFICATION_BYTES)
  b.apply(verification)
  await reader.takeThrough(verification, MAX_PAD_BYTES)
  const selection = await takeSealed(reader, b, SELECTION_BYTES)
  const chosen = readUint32(selection, 0)
  const padBytes = readUint16(selection, 4)
  if (padBytes > MAX_PAD_BYTES) throw new GreetingError('the padding is too long')
  await takeSealed(reader, b, padBytes)
  if (chosen === CRYPTO.rc4 && (offer & CRYPTO.rc4) !== 0) {
    return { encrypt: bytes => a.apply(bytes), decrypt: bytes => b.apply(bytes) }
  }
  if (chosen !== CRYPTO.plain || (offer & CRYPTO.plain) === 0) {
    throw new GreetingError('what was chosen had not been offered')
  }
  return undefined
}

/** The next bytes, decrypted. */
export async function takeSealed(
  reader: GreetingReader,
  cipher: { apply(bytes: Uint8Array): void },
  count: number,
): Promise<Uint8Array> {
  const bytes = (await reader.take(count)).slice()
  cipher.apply(bytes)
  return bytes
}
