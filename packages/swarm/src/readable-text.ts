/** What can be shown in a terminal: letters of ASCII and Latin-1, nothing that moves the cursor. */
const UNREADABLE = /[^\x20-\x7e\u00a0-\u00ff]+/g

/** Text from a tracker, for people: one line, bounded, without control characters. */
export function readableText(bytes: Uint8Array, maxCharacters: number): string {
  let text = ''
  for (const byte of bytes.subarray(0, maxCharacters)) text += String.fromCharCode(byte)
  return text.replace(UNREADABLE, ' ').trim()
}
