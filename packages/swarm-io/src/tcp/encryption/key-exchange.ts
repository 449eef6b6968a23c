import { createDiffieHellman, createHash, randomBytes } from 'node:crypto'

/** Bytes of a public key, and of the shared secret. */
export const PUBLIC_KEY_BYTES = 96

/** Bytes of a private key: MSE recommends 160 bits. */
const PRIVATE_KEY_BYTES = 20

/** The 768-bit prime of MSE (group 1 of RFC 2409 §6.1), and its generator. */
const PRIME =
  'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22' +
  '514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563'
const GENERATOR = 2

/** OpenSSL checks the prime when the group is made (20 ms), so it is made once, when it is first needed. */
let group: ReturnType<typeof createDiffieHellman> | undefined

/** One side of a Diffie-Hellman exchange (MSE). */
export class KeyExchange {
  /** 96 bytes, big endian. */
  readonly publicKey: Uint8Array
  private readonly privateKey = randomBytes(PRIVATE_KEY_BYTES)

  constructor() {
    this.publicKey = padded(this.group().generateKeys())
  }

  /** @throws for a key that no honest peer has: 0, 1, the prime or above. */
  sharedSecret(publicKey: Uint8Array): Uint8Array {
    return padded(this.group().computeSecret(publicKey))
  }

  private group() {
    group ??= createDiffieHellman(PRIME, 'hex', GENERATOR)
    group.setPrivateKey(this.privateKey)
    return group
  }
}

/** With the zeros in front that OpenSSL leaves out. */
function padded(number: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PUBLIC_KEY_BYTES)
  bytes.set(number, PUBLIC_KEY_BYTES - number.length)
  return bytes
}

/** SHA-1 of a word and what follows it: how MSE derives everything from the secret. */
export function hashOf(word: 'req1' | 'req2' | 'req3' | 'keyA' | 'keyB', ...parts: readonly Uint8Array[]) {
  const hash = createHash('sha1').update(word, 'latin1')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
