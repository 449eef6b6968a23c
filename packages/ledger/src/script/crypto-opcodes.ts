import { hash160, ripemd160, sha1, sha256, sha256d } from '@onehop/primitives'
import { MAX_PUBLIC_KEYS_PER_MULTISIG } from '../limits.ts'
import type { Execution, OpcodeHandler } from './execution.ts'
import { FLAG } from './flags.ts'
import { OP } from './opcodes.ts'
import { pushBytes } from './script-building.ts'
import { require, ScriptFailure } from './script-error.ts'
import { findAndDelete } from './sighash.ts'
import { checkPublicKeyEncoding, checkSignatureEncoding } from './signature-encoding.ts'
import { checkTapscriptSignature } from './tapscript.ts'

function hashWith(hash: (data: Uint8Array) => Uint8Array): OpcodeHandler {
  return ({ stack }) => stack.push(hash(stack.pop()))
}

/** The script that signatures commit to; before segwit without the signatures themselves. */
function scriptCodeFor(execution: Execution, signatures: readonly Uint8Array[]): Uint8Array {
  let code = execution.script.subarray(execution.codeStart)
  if (execution.version !== 'base') return code
  for (const signature of signatures) {
    const { script, found } = findAndDelete(code, pushBytes(signature))
    require(found === 0 || !execution.has(FLAG.CONST_SCRIPTCODE), 'SIG_FINDANDDELETE')
    code = script
  }
  return code
}

function checkSig(execution: Execution): boolean {
  const { stack, flags, version, checker, tapscript } = execution
  stack.need(2)
  const key = stack.pop()
  const signature = stack.pop()
  if (tapscript !== undefined) return checkTapscriptSignature(execution, tapscript, signature, key)
  const scriptCode = scriptCodeFor(execution, [signature])
  checkSignatureEncoding(signature, flags)
  checkPublicKeyEncoding(key, flags, version)
  const valid = checker.checkEcdsa(signature, key, scriptCode, version)
  require(valid || !execution.has(FLAG.NULLFAIL) || signature.length === 0, 'NULLFAIL')
  return valid
}

/** BIP 342: a number, one more when the signature is there. */
function checkSigAdd(execution: Execution): void {
  const { stack, minimal, tapscript } = execution
  if (tapscript === undefined) throw new ScriptFailure('BAD_OPCODE')
  stack.need(3)
  const count = stack.peekNumber(1, minimal)
  const key = stack.pop()
  stack.pop()
  const valid = checkTapscriptSignature(execution, tapscript, stack.pop(), key)
  stack.pushNumber(count + (valid ? 1 : 0))
}

interface MultiSig {
  /** Last first, as they are compared. */
  readonly keys: readonly Uint8Array[]
  readonly signatures: readonly Uint8Array[]
}

/** Takes keys and signatures off the stack, and leaves the dummy. */
function popMultiSig(execution: Execution): MultiSig {
  const { stack, minimal } = execution
  const keyCount = stack.peekNumber(0, minimal)
  require(keyCount >= 0 && keyCount <= MAX_PUBLIC_KEYS_PER_MULTISIG, 'PUBKEY_COUNT')
  execution.charge(keyCount)
  const signatureCount = stack.peekNumber(keyCount + 1, minimal)
  require(signatureCount >= 0 && signatureCount <= keyCount, 'SIG_COUNT')
  stack.need(keyCount + signatureCount + 3)
  stack.pop()
  const keys = Array.from({ length: keyCount }, () => stack.pop())
  stack.pop()
  return { keys, signatures: Array.from({ length: signatureCount }, () => stack.pop()) }
}

function matches(execution: Execution, { keys, signatures }: MultiSig, scriptCode: Uint8Array): boolean {
  const { flags, version, checker } = execution
  let signature = 0
  for (let key = 0; key < keys.length && signature < signatures.length; key++) {
    checkSignatureEncoding(signatures[signature]!, flags)
    checkPublicKeyEncoding(keys[key]!, flags, version)
    if (checker.checkEcdsa(signatures[signature]!, keys[key]!, scriptCode, version)) signature++
    if (signatures.length - signature > keys.length - key - 1) return false
  }
  return signature === signatures.length
}

function checkMultiSig(execution: Execution): boolean {
  const { stack, version } = execution
  require(version !== 'tapscript', 'TAPSCRIPT_CHECKMULTISIG')
  const multiSig = popMultiSig(execution)
  const scriptCode = scriptCodeFor(execution, multiSig.signatures)
  const valid = matches(execution, multiSig, scriptCode)
  const allEmpty = multiSig.signatures.every(signature => signature.length === 0)
  require(valid || !execution.has(FLAG.NULLFAIL) || allEmpty, 'NULLFAIL')
  const dummy = stack.pop()
  require(!execution.has(FLAG.NULLDUMMY) || dummy.length === 0, 'SIG_NULLDUMMY')
  return valid
}

/** Opcodes that hash and check signatures. */
export const CRYPTO_OPCODES: ReadonlyMap<number, OpcodeHandler> = new Map<number, OpcodeHandler>([
  [OP.RIPEMD160, hashWith(ripemd160)],
  [OP.SHA1, hashWith(sha1)],
  [OP.SHA256, hashWith(sha256)],
  [OP.HASH160, hashWith(hash160)],
  [OP.HASH256, hashWith(sha256d)],
  [OP.CHECKSIG, execution => execution.stack.pushBool(checkSig(execution))],
  [OP.CHECKSIGVERIFY, execution => require(checkSig(execution), 'CHECKSIGVERIFY')],
  [OP.CHECKSIGADD, checkSigAdd],
  [OP.CHECKMULTISIG, execution => execution.stack.pushBool(checkMultiSig(execution))],
  [OP.CHECKMULTISIGVERIFY, execution => require(checkMultiSig(execution), 'CHECKMULTISIGVERIFY')],
])
