import { utf8 } from '@scure/base'
import { DecodeError } from './verdict.ts'

/** UTF-8 bytes of a string. @throws {DecodeError} when the string has a lone surrogate. */
export function utf8Encode(text: string): Uint8Array {
  try {
    return utf8.decode(text)
  } catch {
    throw new DecodeError('the text has half of a character in it')
  }
}

/** The string that the bytes encode. @throws {DecodeError} when they are not UTF-8. */
export function utf8Decode(bytes: Uint8Array): string {
  try {
    return utf8.encode(bytes)
  } catch {
    throw new DecodeError('not UTF-8')
  }
}
