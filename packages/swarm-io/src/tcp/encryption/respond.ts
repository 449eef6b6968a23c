import { bytesToHex, concatBytes, equalBytes } from '@onehop/primitives'
import { GreetingError } from '../greeting-error.ts'
import type { GreetingReader } from '../greeting-reader.ts'
import type { StreamCiphers } from '../tcp-connection.ts'
import {
  CRYPTO,
  HASH_BYTES,
  type KeyStreams,
  keyStreams,
  MAX_PAD_BYTES,
  numbers,
  randomPad,
  readUint16,
  readUint32,
  VERIFICATION_BYTES,
  xor,
} from './handshake-format.ts'
import { takeSealed } from './initiate.ts'
import { hashOf, KeyExchange, PUBLIC_KEY_BYTES } from './key-exchange.ts'

/** Bytes of the verification, `crypto_provide` and the length of the padding after it. */
const OFFER_BYTES = VERIFICATION_BYTES + 6

/** What the side that was dialled decides with. */
export interface Responder {
  readonly infohashes: () => Iterable<Uint8Array>
  /** Of what is offered (bits of {@link CRYPTO}), one; undefined: none will do. */
  readonly choose: (offer: number) => number | undefined
}

/** What stands between the handshake and the stream. */
interface Agreement extends KeyStreams {
  readonly chosen: number
  /** Bytes of BitTorrent's handshake, or more, that came along: encrypted, whatever was chosen. */
  readonly initialBytes: number
}

/**
 * The side that was dialled (MSE): finds the torrent that the other shows to know, and chooses what the stream is.
 * @returns the ciphers of what follows.
 * @throws {GreetingError} and rejects when the connection ends.
 */
export async function respondToEncryption(
  reader: GreetingReader,
  send: (bytes: Uint8Array) => void,
  responder: Responder,
): Promise<StreamCiphers | undefined> {
  const exchange = new KeyExchange()
  const secret = exchange.sharedSecret(await reader.take(PUBLIC_KEY_BYTES))
  send(concatBytes(exchange.publicKey, randomPad()))
  await reader.takeThrough(hashOf('req1', secret), MAX_PAD_BYTES)
  const proof = xor(await reader.take(HASH_BYTES), hashOf('req3', secret))
  const infohash = infohashOf(proof, responder.infohashes())
  if (!infohash) throw new GreetingError('nobody here knows the torrent')
  const agreement = await readOffer(reader, keyStreams(secret, infohash), responder)
  const answer = concatBytes(new Uint8Array(VERIFICATION_BYTES), numbers([agreement.chosen, 4], [0, 2]))
  agreement.b.apply(answer)
  send(answer)
  return ciphersOf(agreement)
}

async function readOffer(reader: GreetingReader, keys: KeyStreams, responder: Responder): Promise<Agreement> {
  const offer = await takeSealed(reader, keys.a, OFFER_BYTES)
  if (!equalBytes(offer.subarray(0, VERIFICATION_BYTES), new Uint8Array(VERIFICATION_BYTES))) {
    throw new GreetingError('the keys do not fit')
  }
  const padBytes = readUint16(offer, VERIFICATION_BYTES + 4)
  if (padBytes > MAX_PAD_BYTES) throw new GreetingError('the padding is too long')
  await takeSealed(reader, keys.a, padBytes)
  const initialBytes = readUint16(await takeSealed(reader, keys.a, 2), 0)
  const chosen = responder.choose(readUint32(offer, VERIFICATION_BYTES))
  if (chosen === undefined) throw new GreetingError('nothing that is offered will do')
  return { ...keys, chosen, initialBytes }
}

function ciphersOf({ a, b, chosen, initialBytes }: Agreement): StreamCiphers | undefined {
  if (chosen === CRYPTO.rc4) return { decrypt: bytes => a.apply(bytes), encrypt: bytes => b.apply(bytes) }
  let sealedLeft = initialBytes
  if (sealedLeft === 0) return undefined
  return {
    isPlain: true,
    decrypt: bytes => {
      if (sealedLeft === 0) return
      const sealed = bytes.subarray(0, sealedLeft)
      a.apply(sealed)
      sealedLeft -= sealed.length
    },
    encrypt: () => {},
  }
}

/** By infohash, SHA-1 of `req2` and it, in hex: asked for with every connection that comes in encrypted. */
const proofs = new WeakMap<Uint8Array, string>()

function infohashOf(proof: Uint8Array, infohashes: Iterable<Uint8Array>): Uint8Array | undefined {
  const wanted = bytesToHex(proof)
  for (const infohash of infohashes) {
    let known = proofs.get(infohash)
    if (known === undefined) {
      known = bytesToHex(hashOf('req2', infohash))
      proofs.set(infohash, known)
    }
    if (known === wanted) return infohash
  }
  return undefined
}
