import { attemptDecode, utf8Decode, utf8Encode } from '@onehop/primitives'
import { MAX_NAME_BYTES } from '../limits.ts'

/** Windows-1252's characters of the bytes 0x80 to 0x9f, of which it leaves out five. */
const FROM_0X80 = '€_‚ƒ„…†‡ˆ‰Š‹Œ_Ž__‘’“”•–—˜™š›œ_žŸ'

/**
 * A name from a torrent. Old clients wrote names in the encoding of their system, and do not say which in the part that
 * is hashed: what is not UTF-8 is read as Windows-1252, so that all who have the torrent arrive at the same name, western
 * ones at the right one, and different names stay different. A backslash is the second half of a character in Shift-JIS,
 * Big5 and GBK, and becomes `_`; so does every byte beyond ASCII when the name would be too long otherwise.
 * libtorrent writes `_` for what it cannot read; peers never see these names.
 */
export function decodeName(bytes: Uint8Array): string {
  const name = attemptDecode('not-utf-8', () => utf8Decode(bytes))
  if (name.ok) return name.value
  const western = Array.from(bytes, characterOf).join('')
  if (utf8Encode(western).length <= MAX_NAME_BYTES) return western
  return western.replace(/[^\0-\x7f]/gu, '_')
}

function characterOf(byte: number): string {
  const character = String.fromCharCode(byte)
  if (character === '\\') return '_'
  return byte >= 0x80 && byte < 0xa0 ? FROM_0X80[byte - 0x80]! : character
}
