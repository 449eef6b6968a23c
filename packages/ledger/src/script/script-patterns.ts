import { MAX_SCRIPT_LENGTH } from '../limits.ts'
import { OP } from './opcodes.ts'

/** A version and 2 to 40 bytes, which the witness has to satisfy (BIP 141). */
export interface WitnessProgram {
  readonly version: number
  readonly program: Uint8Array
}

/** The 20-byte key hash of `DUP HASH160 <hash> EQUALVERIFY CHECKSIG`, or undefined. */
export function publicKeyHashOf(script: Uint8Array): Uint8Array | undefined {
  return script.length === 25 &&
    script[0] === OP.DUP &&
    script[1] === OP.HASH160 &&
    script[2] === 20 &&
    script[23] === OP.EQUALVERIFY &&
    script[24] === OP.CHECKSIG
    ? script.subarray(3, 23)
    : undefined
}

/** The 20-byte script hash of `HASH160 <hash> EQUAL` (BIP 16), or undefined. */
export function scriptHashOf(script: Uint8Array): Uint8Array | undefined {
  return script.length === 23 && script[0] === OP.HASH160 && script[1] === 20 && script[22] === OP.EQUAL
    ? script.subarray(2, 22)
    : undefined
}

/** The witness program of a script that is a version and one push of 2 to 40 bytes (BIP 141), or undefined. */
export function witnessProgramOf(script: Uint8Array): WitnessProgram | undefined {
  if (script.length < 4 || script.length > 42 || script[1] !== script.length - 2) return undefined
  const opcode = script[0]!
  if (opcode !== OP[0] && (opcode < OP[1] || opcode > OP[16])) return undefined
  return { version: opcode === OP[0] ? 0 : opcode - OP[1] + 1, program: script.subarray(2) }
}

/** Whether no witness or signature can ever spend it, so that it needs no place among the coins. */
export function isUnspendable(script: Uint8Array): boolean {
  return script[0] === OP.RETURN || script.length > MAX_SCRIPT_LENGTH
}

/** Whether it is the program of a pay-to-anchor output, which anybody may spend to raise a transaction's fee. */
export function isAnchor({ version, program }: WitnessProgram): boolean {
  return version === 1 && program.length === 2 && program[0] === 0x4e && program[1] === 0x73
}
