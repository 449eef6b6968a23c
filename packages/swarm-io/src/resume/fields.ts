import { DecodeError, utf8Decode } from '@onehop/primitives'
import { type Bencoded, expectBytes, expectList, parseInfo, type TorrentInfo } from '@onehop/swarm'
import { sha1Now } from '../piece-hash.ts'
import type { FileStamps } from '../storage/file-stamps.ts'

/** Bytes of a file's size and time. */
export const STAMP_BYTES = 16

/** The size of a file that there is none of. */
export const NO_STAMP = -1n

/** @throws {DecodeError} */
export function readStamps(bytes: Uint8Array): FileStamps {
  if (bytes.length % STAMP_BYTES !== 0) throw new DecodeError('half a stamp')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / STAMP_BYTES }, (_, i) => {
    const size = view.getBigInt64(i * STAMP_BYTES)
    return size === NO_STAMP
      ? undefined
      : { size: Number(size), mtimeNs: view.getBigInt64(i * STAMP_BYTES + 8) }
  })
}

/** @throws {DecodeError} */
export function readInfo(value: Bencoded): TorrentInfo {
  const info = parseInfo(expectBytes(value, 'info'), sha1Now)
  if (!info.ok) throw new DecodeError(info.detail ?? info.code)
  return info.value
}

/** @throws {DecodeError} */
export function readNanoseconds(text: string | undefined): bigint {
  if (text === undefined || !/^-?\d{1,20}$/.test(text)) throw new DecodeError('mtime is not a number')
  return BigInt(text)
}

/** @throws {DecodeError} */
export function readText(value: Bencoded): string {
  return utf8Decode(expectBytes(value, 'a text'))
}

/** @throws {DecodeError} */
export function readTexts(value: Bencoded): string[] {
  return expectList(value, 'a list of texts').map(readText)
}

/** What is there, read. */
export function optional<T>(value: Bencoded | undefined, read: (value: Bencoded) => T): T | undefined {
  return value === undefined ? undefined : read(value)
}

/** A property, or none: an absent one and one that is undefined are different things. */
export function present<K extends string, T>(key: K, value: T | undefined): { readonly [_ in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [_ in K]?: T }
}
