import assert from 'node:assert/strict'
import type { ICryptoInterface } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { LengthPrefixedDecoder } from '@libp2p/utils'
import { noiseCrypto } from '../src/noise-crypto.ts'

const KEY = new Uint8Array(32).fill(7)
const NONCE = new Uint8Array(12).fill(1)
const DATA = new Uint8Array([1, 2, 3])
/** The encrypter and libp2p's utilities may bring different versions of lists of bytes along. */
type Bytes = Parameters<ICryptoInterface['chaCha20Poly1305Encrypt']>[0]

const LENGTHS = [0, 1199, 1200, 1216, 40_000, 65_519]

function message(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => i * 31 + (i >> 8))
}

/** The bytes in parts, as they come from a socket. */
function scattered(bytes: Uint8Array, partBytes: number): Bytes {
  const decoder = new LengthPrefixedDecoder({ lengthDecoder: () => bytes.length, encodingLength: () => 0 })
  for (let at = 0; at < bytes.length; at += partBytes) {
    for (const list of decoder.decode(bytes.slice(at, at + partBytes))) return list as unknown as Bytes
  }
  return bytes
}

function encryptedByLibrary(length: number): Uint8Array {
  return defaultCrypto.chaCha20Poly1305Encrypt(message(length), NONCE, DATA, KEY).subarray()
}

describe("Noise's cryptography", () => {
  for (const length of LENGTHS) {
    it(`encrypts ${length} bytes as the library does, whole or in parts`, () => {
      const plain = message(length)
      for (const input of [plain, scattered(plain, plain.length), scattered(plain, 1000)]) {
        const encrypted = noiseCrypto.chaCha20Poly1305Encrypt(input, NONCE, DATA, KEY)
        assert.deepEqual(new Uint8Array(encrypted.subarray()), new Uint8Array(encryptedByLibrary(length)))
      }
    })

    it(`decrypts ${length} bytes, whole or in parts`, () => {
      for (const partBytes of [length + 16, 1000]) {
        const input = scattered(encryptedByLibrary(length).slice(), partBytes)
        const target = input.subarray(0, length)
        const plain = noiseCrypto.chaCha20Poly1305Decrypt(input, NONCE, DATA, KEY, target)
        assert.deepEqual(new Uint8Array(plain.subarray()), message(length))
      }
    })

    it(`refuses ${length} bytes of which one bit was changed`, () => {
      const forged = encryptedByLibrary(length).slice()
      forged[forged.length >> 1]! ^= 1
      const input = scattered(forged, 1000)
      const target = input.subarray(0, length)
      assert.throws(() => noiseCrypto.chaCha20Poly1305Decrypt(input, NONCE, DATA, KEY, target))
    })
  }

  it('leaves what was encrypted before as it is', () => {
    const first = noiseCrypto.chaCha20Poly1305Encrypt(scattered(message(5000), 1000), NONCE, DATA, KEY)
    noiseCrypto.chaCha20Poly1305Encrypt(scattered(new Uint8Array(5000), 1000), NONCE, DATA, KEY)
    assert.deepEqual(new Uint8Array(first.subarray()), new Uint8Array(encryptedByLibrary(5000)))
  })
})
