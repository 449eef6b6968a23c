import { MAX_PUBLIC_KEYS_PER_BARE_MULTISIG } from '../limits.ts'
import { OP } from './opcodes.ts'
import { instructions, isPushOnly } from './script-parser.ts'
import {
  isAnchor,
  publicKeyHashOf,
  scriptHashOf,
  type WitnessProgram,
  witnessProgramOf,
} from './script-patterns.ts'

/** The templates that Bitcoin Core tells apart (`TxoutType`), by its names. */
export type ScriptType =
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'multisig'
  | 'nulldata'
  | 'anchor'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'witness_unknown'
  | 'nonstandard'

const HASH256_LENGTH = 32
const COMPRESSED_KEY_LENGTH = 33
const UNCOMPRESSED_KEY_LENGTH = 65

/** Which template a scriptPubKey follows (`Solver`). */
export function scriptType(script: Uint8Array): ScriptType {
  if (scriptHashOf(script)) return 'scripthash'
  const witness = witnessProgramOf(script)
  if (witness) return witnessType(witness)
  if (script[0] === OP.RETURN && isPushOnly(script.subarray(1))) return 'nulldata'
  if (isPayToKey(script)) return 'pubkey'
  if (publicKeyHashOf(script)) return 'pubkeyhash'
  return multisigOf(script) ? 'multisig' : 'nonstandard'
}

function witnessType(witness: WitnessProgram): ScriptType {
  const { version, program } = witness
  const { length } = program
  if (version === 0) {
    if (length === 20) return 'witness_v0_keyhash'
    return length === HASH256_LENGTH ? 'witness_v0_scripthash' : 'nonstandard'
  }
  if (version === 1 && length === HASH256_LENGTH) return 'witness_v1_taproot'
  return isAnchor(witness) ? 'anchor' : 'witness_unknown'
}

function hasKeyLength(key: Uint8Array | undefined): boolean {
  if (key?.length === COMPRESSED_KEY_LENGTH) return key[0] === 2 || key[0] === 3
  return key?.length === UNCOMPRESSED_KEY_LENGTH && (key[0] === 4 || key[0] === 6 || key[0] === 7)
}

function isPayToKey(script: Uint8Array): boolean {
  const length = script[0]
  return (
    length !== undefined &&
    script.length === length + 2 &&
    script[length + 1] === OP.CHECKSIG &&
    hasKeyLength(script.subarray(1, 1 + length))
  )
}

/** How many signatures of how many keys a bare multisig script asks for; undefined for any other script. */
export function multisigOf(script: Uint8Array): { required: number; keys: number } | undefined {
  if (script.at(-1) !== OP.CHECKMULTISIG) return undefined
  const all = [...instructions(script)]
  const required = smallNumber(all[0]?.opcode)
  const keys = smallNumber(all.at(-2)?.opcode)
  if (required === undefined || keys === undefined || required > keys) return undefined
  if (keys > MAX_PUBLIC_KEYS_PER_BARE_MULTISIG || all.length !== keys + 3) return undefined
  return all.slice(1, -2).every(({ data }) => hasKeyLength(data)) ? { required, keys } : undefined
}

function smallNumber(opcode: number | undefined): number | undefined {
  return opcode !== undefined && opcode >= OP[1] && opcode <= OP[16] ? opcode - OP[1] + 1 : undefined
}
