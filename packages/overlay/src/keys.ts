import { concatBytes, sha256, utf8Encode } from '@onehop/primitives'

/** Where something is looked up: 32 bytes, SHA-256 (DESIGN: keys and pointers). */
export type Key = Uint8Array

/** The key of content: SHA-256 of its multihash, so that codec and CID version do not matter. */
export function contentKey(multihash: Uint8Array): Key {
  return sha256(multihash)
}

/**
 * The form in which names and words are compared: lower case, Unicode NFC. Composed last, for lower-casing can take
 * characters apart.
 */
function normalizeName(name: string): string {
  return name.toLowerCase().normalize('NFC')
}

/** The key of a name: SHA-256 of `onehop/name\0` and the normalised name. @throws {DecodeError} on half a character. */
export function nameKey(name: string): Key {
  return taggedKey('onehop/name\0', name)
}

/** The key of a word: SHA-256 of `onehop/word\0` and the normalised word. @throws {DecodeError} on half a character. */
export function wordKey(word: string): Key {
  return taggedKey('onehop/word\0', word)
}

function taggedKey(tag: string, text: string): Key {
  return sha256(concatBytes(utf8Encode(tag), utf8Encode(normalizeName(text))))
}

/** The first 4 bytes, big endian: a key is a hash already and is not hashed again to be placed. */
export function keyHash32(key: Key): number {
  return ((key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!) >>> 0
}
