import { OP } from './opcodes.ts'
import { pushBytes, pushNumber, scriptOf } from './script-building.ts'

/** The script that pays to a key's hash, 25 bytes. */
export function p2pkhScript(keyHash: Uint8Array): Uint8Array {
  return scriptOf(OP.DUP, OP.HASH160, pushBytes(keyHash), OP.EQUALVERIFY, OP.CHECKSIG)
}

/** The script that pays to a script's hash, 23 bytes (BIP 16). */
export function p2shScript(scriptHash: Uint8Array): Uint8Array {
  return scriptOf(OP.HASH160, pushBytes(scriptHash), OP.EQUAL)
}

/** The script that pays to a key's hash, 22 bytes (BIP 141). */
export function p2wpkhScript(keyHash: Uint8Array): Uint8Array {
  return witnessScript(0, keyHash)
}

/** The script that pays to a script's SHA-256, 34 bytes (BIP 141). */
export function p2wshScript(scriptHash: Uint8Array): Uint8Array {
  return witnessScript(0, scriptHash)
}

/** The script of a witness program (BIP 141). */
export function witnessScript(version: number, program: Uint8Array): Uint8Array {
  return scriptOf(pushNumber(version), pushBytes(program))
}
