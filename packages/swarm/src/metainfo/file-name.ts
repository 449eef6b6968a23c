import { invalid, OK, utf8Encode, type Verdict } from '@onehop/primitives'
import { MAX_NAME_BYTES } from '../limits.ts'

const DEVICE_NAME = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i
const DRIVE = /^[a-z]:/i
/** Line separators, and overrides of the writing direction, which disguise an ending. */
const DECEPTIVE = /[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u
const SEPARATOR = /[/\\]/

/**
 * Whether a name from a torrent may become a file here: one path component, on any system. A name is refused, never
 * mended: two mended names could fall on one file, and one torrent would have two names. Names that end in a dot or a
 * space are common ("Vol. 1."), and only Windows trims them; {@link FilePaths} takes two that differ in that for one.
 */
export function checkFileName(name: string): Verdict {
  const fault = faultOf(name)
  return fault === undefined ? OK : invalid('bad-file-name', fault)
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'the name is empty'
  if (hasControlCharacter(name) || DECEPTIVE.test(name)) return 'the name has a control character'
  if (SEPARATOR.test(name)) return 'the name has a path separator'
  if (/^[. ]+$/.test(name)) return 'the name is a folder'
  if (DRIVE.test(name)) return 'the name starts with a drive letter'
  if (DEVICE_NAME.test(name.trim())) return 'the name is a device'
  if (/\p{Surrogate}/u.test(name)) return 'the name has half of a character'
  // A character of UTF-16 takes three bytes at most.
  if (3 * name.length > MAX_NAME_BYTES && utf8Encode(name).length > MAX_NAME_BYTES)
    return `the name is longer than ${MAX_NAME_BYTES} bytes`
  return undefined
}

/** Controls of ASCII and Latin-1 (C0, DEL, C1). */
function hasControlCharacter(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true
  }
  return false
}
