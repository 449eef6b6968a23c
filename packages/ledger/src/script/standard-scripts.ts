import { assert } from '@onehop/primitives'
import { OP } from './opcodes.ts'
import { pushBytes, pushNumber, scriptOf } from './script-building.ts'

const KEY_HASH_BYTES = 20

/** The script that pays to a key's hash of 20 bytes, 25 bytes. */
export function p2pkhScript(keyHash: Uint8Array): Uint8Array {
  assert(keyHash.length === KEY_HASH_BYTES, 'a key hash has 20 bytes')
  const script = new Uint8Array(KEY_HASH_BYTES + 5)
  script[0] = OP.DUP
  script[1] = OP.HASH160
  script[2] = KEY_HASH_BYTES
  script.set(keyHash, 3)
  script[KEY_HASH_BYTES + 3] = OP.EQUALVERIFY
  script[KEY_HASH_BYTES + 4] = OP.CHECKSIG
  return script
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
