import { FLAG, OP, pushBytes, pushNumber, type ScriptFlags, scriptOf } from '@onehop/ledger'
import { hexToBytes, utf8Encode } from '@onehop/primitives'

const OPCODES: ReadonlyMap<string, number> = new Map(
  Object.entries(OP)
    .filter(([, code]) => code >= OP.NOP || code === OP.RESERVED)
    .flatMap(([name, code]) => [
      [name, code],
      [`OP_${name}`, code],
    ]),
)

/** A script from the text of Bitcoin Core's test files: numbers, 0x… raw, '…' pushed, opcode names. */
export function scriptFromText(text: string): Uint8Array {
  return scriptOf(
    ...text
      .split(/\s+/)
      .filter(word => word.length > 0)
      .map(wordToScript),
  )
}

function wordToScript(word: string): Uint8Array {
  if (/^-?\d+$/.test(word)) return pushNumber(Number(word))
  if (word.startsWith('0x')) return hexToBytes(word.slice(2))
  if (word.startsWith("'")) return pushBytes(utf8Encode(word.slice(1, -1)))
  const opcode = OPCODES.get(word)
  if (opcode === undefined) throw new Error(`unknown word ${word}`)
  return Uint8Array.of(opcode)
}

/** Flags from names with commas between; NONE and BADTX stand for none. */
export function flagsFromText(text: string): ScriptFlags {
  let flags = 0
  for (const name of text.split(',')) {
    if (name === '' || name === 'NONE' || name === 'BADTX') continue
    const flag = FLAG[name as keyof typeof FLAG]
    if (flag === undefined) throw new Error(`unknown flag ${name}`)
    flags |= flag
  }
  return flags
}

export const ALL_FLAGS: ScriptFlags = Object.values(FLAG).reduce((all, flag) => all | flag, 0)
