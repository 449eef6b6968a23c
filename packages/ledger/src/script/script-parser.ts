import { bytesToHex } from '@onehop/primitives'
import { MAX_PUBLIC_KEYS_PER_MULTISIG } from '../limits.ts'
import { OP, opcodeName } from './opcodes.ts'
import { decodeScriptNumber, MAX_NUMBER_LENGTH } from './script-number.ts'

/** One instruction of a script. */
export interface Instruction {
  readonly opcode: number
  /** What a push pushes (a view); undefined for other opcodes. */
  readonly data: Uint8Array | undefined
  /** Offset behind it. */
  readonly end: number
}

/** Bytes that tell the length of what an opcode pushes, behind the opcode. */
function lengthBytesOf(opcode: number): number {
  return opcode < OP.PUSHDATA1 ? 0 : 1 << (opcode - OP.PUSHDATA1)
}

/** The offset behind the instruction that begins at `offset`, where there is one; undefined when it is cut off. */
function instructionEnd(script: Uint8Array, offset: number): number | undefined {
  const opcode = script[offset]!
  if (opcode > OP.PUSHDATA4) return offset + 1
  const lengthBytes = lengthBytesOf(opcode)
  const start = offset + 1 + lengthBytes
  if (start > script.length) return undefined
  let length = lengthBytes === 0 ? opcode : 0
  for (let i = lengthBytes; i > 0; i--) length = length * 256 + script[offset + i]!
  const end = start + length
  return end > script.length ? undefined : end
}

/** The instruction at the offset; undefined when it is cut off. */
export function readInstruction(script: Uint8Array, offset: number): Instruction | undefined {
  const opcode = script[offset]
  if (opcode === undefined) return undefined
  const end = instructionEnd(script, offset)
  if (end === undefined) return undefined
  if (opcode > OP.PUSHDATA4) return { opcode, data: undefined, end }
  return { opcode, data: script.subarray(offset + 1 + lengthBytesOf(opcode), end), end }
}

/** All instructions up to the end, or up to the one that is cut off. */
export function* instructions(script: Uint8Array): Generator<Instruction> {
  let offset = 0
  while (offset < script.length) {
    const instruction = readInstruction(script, offset)
    if (instruction === undefined) return
    yield instruction
    offset = instruction.end
  }
}

/** Whether it only pushes, small numbers included; cut off scripts do not. */
export function isPushOnly(script: Uint8Array): boolean {
  for (let offset = 0; offset < script.length; ) {
    const end = instructionEnd(script, offset)
    if (end === undefined || script[offset]! > OP[16]) return false
    offset = end
  }
  return true
}

/** Whether the data could not have been pushed with fewer bytes (BIP 62). */
export function isMinimalPush({ opcode, data }: Instruction): boolean {
  if (data === undefined) return true
  if (data.length === 0) return opcode === OP[0]
  if (data.length === 1) {
    const value = data[0]!
    if ((value >= 1 && value <= 16) || value === 0x81) return false
  }
  if (data.length <= 75) return opcode === data.length
  if (data.length <= 255) return opcode === OP.PUSHDATA1
  return data.length > 65_535 || opcode === OP.PUSHDATA2
}

/**
 * Signature operations as legacy scripts are charged (GetSigOpCount).
 * @param accurate count the keys of a CHECKMULTISIG where a small number says how many, instead of 20.
 */
export function countSigOps(script: Uint8Array, accurate: boolean): number {
  let count = 0
  let previous: number = OP[0]
  for (let offset = 0; offset < script.length; ) {
    const end = instructionEnd(script, offset)
    if (end === undefined) break
    const opcode = script[offset]!
    offset = end
    if (opcode === OP.CHECKSIG || opcode === OP.CHECKSIGVERIFY) count++
    else if (opcode === OP.CHECKMULTISIG || opcode === OP.CHECKMULTISIGVERIFY) {
      const saysHowMany = accurate && previous >= OP[1] && previous <= OP[16]
      count += saysHowMany ? previous - OP[1] + 1 : MAX_PUBLIC_KEYS_PER_MULTISIG
    }
    previous = opcode
  }
  return count
}

/** As Core prints scripts: names, pushes in hex, short ones as numbers. @param pushToText for longer pushes. */
export function scriptToAsm(script: Uint8Array, pushToText = bytesToHex): string {
  const words: string[] = []
  let offset = 0
  while (offset < script.length) {
    const instruction = readInstruction(script, offset)
    if (instruction === undefined) return [...words, '[error]'].join(' ')
    const { opcode, data } = instruction
    if (data === undefined) words.push(shownName(opcode))
    else if (data.length <= MAX_NUMBER_LENGTH) words.push(String(decodeScriptNumber(data, false)))
    else words.push(pushToText(data))
    offset = instruction.end
  }
  return words.join(' ')
}

/** Small numbers are shown as numbers. */
function shownName(opcode: number): string {
  if (opcode === OP['1NEGATE']) return '-1'
  return opcode >= OP[1] && opcode <= OP[16] ? String(opcode - OP[1] + 1) : opcodeName(opcode)
}
