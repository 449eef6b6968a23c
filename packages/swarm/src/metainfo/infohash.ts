import { bytesToHex, DecodeError, hexToBytes } from '@onehop/primitives'

/** The name of a torrent, 20 bytes: the SHA-1 of its bencoded info dictionary (BEP 3), or {@link infohashOfV2}. */
export type InfoHash = Uint8Array & { readonly __brand: 'InfoHash' }

/** Bytes of an infohash. */
export const INFO_HASH_BYTES = 20

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

/** What handshakes and trackers call a v2 torrent: the first 20 of the 32 bytes (BEP 52). */
export function infohashOfV2(infohashV2: Uint8Array): InfoHash {
  return toInfoHash(infohashV2.subarray(0, INFO_HASH_BYTES))
}
