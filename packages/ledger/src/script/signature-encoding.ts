import { isLowS } from '@onehop/primitives'
import { FLAG, type ScriptFlags } from './flags.ts'
import { decodeLaxDerSignature } from './lax-der.ts'
import { require } from './script-error.ts'
import { SIGHASH } from './sighash.ts'

const COMPRESSED_KEY_BYTES = 33
const UNCOMPRESSED_KEY_BYTES = 65

/** How a script is hashed for signatures: before witnesses (legacy), BIP 143, or BIP 342. */
export type SigVersion = 'base' | 'witness_v0' | 'tapscript'

/** BIP 66: strictly encoded, each integer minimal and not negative; its size is not bounded by the curve's. */
function isStrictDer(signature: Uint8Array): boolean {
  const length = signature.length
  if (length < 9 || length > 73 || signature[0] !== 0x30 || signature[1] !== length - 3) return false
  const rLength = signature[3]!
  if (5 + rLength >= length) return false
  const sLength = signature[5 + rLength]!
  if (rLength + sLength + 7 !== length) return false
  return isMinimalInteger(signature, 2, rLength) && isMinimalInteger(signature, rLength + 4, sLength)
}

function isMinimalInteger(bytes: Uint8Array, at: number, length: number): boolean {
  const first = bytes[at + 2]!
  if (bytes[at] !== 2 || length === 0 || first & 0x80) return false
  return length === 1 || first !== 0 || (bytes[at + 3]! & 0x80) !== 0
}

function hasLowS(signature: Uint8Array): boolean {
  const compact = decodeLaxDerSignature(signature.subarray(0, -1))
  return compact !== undefined && isLowS(compact)
}

function hasDefinedHashType(signature: Uint8Array): boolean {
  const hashType = signature[signature.length - 1]! & ~SIGHASH.ANYONECANPAY
  return hashType >= SIGHASH.ALL && hashType <= SIGHASH.SINGLE
}

/** Core's CheckSignatureEncoding. An empty signature is the way to say no. @throws {ScriptFailure} */
export function checkSignatureEncoding(signature: Uint8Array, flags: ScriptFlags): void {
  if (signature.length === 0) return
  const wantsDer = flags & (FLAG.DERSIG | FLAG.LOW_S | FLAG.STRICTENC)
  require(!wantsDer || isStrictDer(signature), 'SIG_DER')
  require(!(flags & FLAG.LOW_S) || hasLowS(signature), 'SIG_HIGH_S')
  require(!(flags & FLAG.STRICTENC) || hasDefinedHashType(signature), 'SIG_HASHTYPE')
}

function isCompressedKey(key: Uint8Array): boolean {
  return key.length === COMPRESSED_KEY_BYTES && (key[0] === 2 || key[0] === 3)
}

/** Core's CheckPubKeyEncoding. @throws {ScriptFailure} */
export function checkPublicKeyEncoding(key: Uint8Array, flags: ScriptFlags, version: SigVersion): void {
  if (flags & FLAG.STRICTENC) {
    require(isCompressedKey(key) || (key.length === UNCOMPRESSED_KEY_BYTES && key[0] === 4), 'PUBKEYTYPE')
  }
  if (flags & FLAG.WITNESS_PUBKEYTYPE && version === 'witness_v0')
    require(isCompressedKey(key), 'WITNESS_PUBKEYTYPE')
}
