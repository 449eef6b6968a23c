import { bytesToHex } from '@onehop/primitives'
import { FLAG } from './flags.ts'
import { ScriptFailure } from './script-error.ts'
import { scriptToAsm } from './script-parser.ts'
import { isUnspendable } from './script-patterns.ts'
import { checkSignatureEncoding } from './signature-encoding.ts'

/** Hash types by their byte, as Core writes them behind a signature. */
const HASH_TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'ALL',
  2: 'NONE',
  3: 'SINGLE',
  129: 'ALL|ANYONECANPAY',
  130: 'NONE|ANYONECANPAY',
  131: 'SINGLE|ANYONECANPAY',
}

function looksLikeSignature(data: Uint8Array): boolean {
  try {
    checkSignatureEncoding(data, FLAG.STRICTENC)
    return true
  } catch (error) {
    if (error instanceof ScriptFailure) return false
    throw error
  }
}

function pushToText(data: Uint8Array): string {
  const name = HASH_TYPE_NAMES[data.at(-1) ?? 0]
  if (name === undefined || !looksLikeSignature(data)) return bytesToHex(data)
  return `${bytesToHex(data.subarray(0, -1))}[${name}]`
}

/** As Core prints the script of an input: what looks like a signature has its hash type in words. */
export function scriptSigToAsm(script: Uint8Array): string {
  return isUnspendable(script) ? scriptToAsm(script) : scriptToAsm(script, pushToText)
}
