import { bytesToHex, DecodeError, hexToBytes } from '@onehop/primitives'

/** SHA-1 of a bencoded info dictionary, 20 bytes: the name of a torrent (BEP 3). */
export type InfoHash = Uint8Array & { readonly __brand: 'InfoHash' }

/** Bytes of an infohash. */
const INFO_HASH_BYTES = 20

/** @throws {DecodeError} unless there are 20 bytes. */
export function toInfoHash(bytes: Uint8Array): InfoHash {
  if (bytes.length !== INFO_HASH_BYTES) throw new DecodeError('an infohash has 20 bytes')
  return bytes as InfoHash
}

/** 40 lower-case digits. */
export function infoHashToHex(infohash: Uint8Array): string {
  return bytesToHex(infohash)
}

/** @throws {DecodeError} unless there are 40 hexadecimal digits. */
export function hexToInfoHash(hex: string): InfoHash {
  return toInfoHash(hexToBytes(hex))
}
