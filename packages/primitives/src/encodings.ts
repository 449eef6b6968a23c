import { base32nopad, base58, bech32 as scureBech32, bech32m as scureBech32m } from '@scure/base'
import { concatBytes, equalBytes } from './bytes.ts'
import { sha256d } from './hash-backend.ts'
import { DecodeError } from './verdict.ts'

const CHECKSUM_LENGTH = 4

/** Characters. Decoding takes quadratic time, and nothing of ours is longer than a few hundred bytes. */
const MAX_BASE58_LENGTH = 1024

/** Bitcoin's Base58 of the payload and its 4-byte double-SHA-256 checksum. */
export function encodeBase58Check(payload: Uint8Array): string {
  return base58.encode(concatBytes(payload, sha256d(payload).subarray(0, CHECKSUM_LENGTH)))
}

/** The payload. @throws {DecodeError} on a character that is not Base58, a wrong checksum, more than 1,024 characters. */
export function decodeBase58Check(text: string): Uint8Array {
  const bytes = decodeBase58(text)
  if (bytes.length < CHECKSUM_LENGTH) throw new DecodeError('too short for a checksum')
  const payload = bytes.subarray(0, bytes.length - CHECKSUM_LENGTH)
  const checksum = bytes.subarray(bytes.length - CHECKSUM_LENGTH)
  if (!equalBytes(checksum, sha256d(payload).subarray(0, CHECKSUM_LENGTH)))
    throw new DecodeError('wrong checksum')
  return payload
}

/** Base58 (Bitcoin's alphabet) without a checksum, as libp2p writes peer ids. */
export function encodeBase58(bytes: Uint8Array): string {
  return base58.encode(bytes)
}

/** @throws {DecodeError} on a character that is not Base58, and for more than 1,024 of them. */
export function decodeBase58(text: string): Uint8Array {
  if (text.length > MAX_BASE58_LENGTH) throw new DecodeError('Base58 of more than 1,024 characters')
  return decodeOrThrow(() => base58.decode(text), 'not Base58')
}

/** RFC 4648 Base32 in upper case without padding, as magnet links may carry an infohash. */
export function encodeBase32(bytes: Uint8Array): string {
  return base32nopad.encode(bytes)
}

/** @throws {DecodeError} on a character that is not Base32. Either case. */
export function decodeBase32(text: string): Uint8Array {
  return decodeOrThrow(() => base32nopad.decode(text.toUpperCase()), 'not Base32')
}

/** A witness program: version 0 to 16 and 2 to 40 bytes (BIP 141). */
export interface SegwitAddress {
  readonly prefix: string
  readonly version: number
  readonly program: Uint8Array
}

/** A witness program's address: Bech32 for version 0 (BIP 173), Bech32m above (BIP 350). */
export function encodeSegwitAddress({ prefix, version, program }: SegwitAddress): string {
  const coder = version === 0 ? scureBech32 : scureBech32m
  return coder.encode(prefix, [version, ...coder.toWords(program)])
}

/** @throws {DecodeError} for anything but a valid address of BIP 173 or BIP 350. */
export function decodeSegwitAddress(text: string): SegwitAddress {
  if (!text.includes('1')) throw new DecodeError('not Bech32')
  const v0 = scureBech32.decodeUnsafe(text as `${string}1${string}`)
  const decoded = v0 ?? scureBech32m.decodeUnsafe(text as `${string}1${string}`)
  if (decoded === undefined) throw new DecodeError('not Bech32, or a wrong checksum')
  const version = decoded.words[0]
  if (version === undefined || version > 16) throw new DecodeError('no witness version')
  if ((version === 0) !== (v0 !== undefined)) throw new DecodeError('wrong checksum for this witness version')
  const program = scureBech32.fromWordsUnsafe(decoded.words.slice(1))
  if (!program || program.length < 2 || program.length > 40)
    throw new DecodeError('witness program of a wrong length')
  if (version === 0 && program.length !== 20 && program.length !== 32) {
    throw new DecodeError('version 0 takes a program of 20 or 32 bytes')
  }
  return { prefix: decoded.prefix, version, program }
}

function decodeOrThrow<T>(decode: () => T, message: string): T {
  try {
    return decode()
  } catch {
    throw new DecodeError(message)
  }
}
