import {
  attemptDecode,
  concatBytes,
  DecodeError,
  decodeBase58Check,
  encodeBase58Check,
  isPrivateKey,
  type Result,
} from '@onehop/primitives'
import type { ChainParameters } from './params.ts'

const KEY_LENGTH = 32
const COMPRESSED_MARK = 1

/** A private key, and whether its public key is used in compressed form. */
export interface ImportedKey {
  readonly privateKey: Uint8Array
  readonly compressed: boolean
}

/** A 32-byte private key in wallet import format (WIF). */
export function encodePrivateKey(key: ImportedKey, parameters: ChainParameters): string {
  const mark = key.compressed ? Uint8Array.of(COMPRESSED_MARK) : new Uint8Array(0)
  return encodeBase58Check(concatBytes(Uint8Array.of(parameters.wifVersion), key.privateKey, mark))
}

/** The key of a WIF text of this network. Refused with `invalid-key` (blame: sender). */
export function decodePrivateKey(text: string, parameters: ChainParameters): Result<ImportedKey> {
  return attemptDecode('invalid-key', () => {
    const payload = decodeBase58Check(text)
    const compressed = payload.length === KEY_LENGTH + 2 && payload.at(-1) === COMPRESSED_MARK
    if (!compressed && payload.length !== KEY_LENGTH + 1) throw new DecodeError('not a private key')
    if (payload[0] !== parameters.wifVersion) throw new DecodeError('a private key of another network')
    const privateKey = payload.slice(1, 1 + KEY_LENGTH)
    if (!isPrivateKey(privateKey)) throw new DecodeError('outside the range of private keys')
    return { privateKey, compressed }
  })
}
