import type { SignatureVerifier, TweakedKey } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import { LOCKTIME_THRESHOLD } from '../limits.ts'
import { SEQUENCE_FINAL, type Transaction } from '../transaction.ts'
import { decodeLaxDerSignature } from './lax-der.ts'
import type { ScriptError } from './script-error.ts'
import { SegwitMidstate } from './segwit-midstate.ts'
import { legacySighash, SIGHASH, segwitSighash } from './sighash.ts'
import type { SigVersion } from './signature-encoding.ts'
import { type TaprootContext, taprootSighash } from './taproot-sighash.ts'

const SCHNORR_BYTES = 64

/** What a script can ask of the transaction that it stands in. */
export interface SignatureChecker {
  checkEcdsa(signature: Uint8Array, key: Uint8Array, scriptCode: Uint8Array, version: SigVersion): boolean
  /** BIP 340, 341. @param key x-only, 32 bytes. @returns undefined when the signature is right. */
  checkSchnorr(signature: Uint8Array, key: Uint8Array, context: TaprootContext): ScriptError | undefined
  /** BIP 341. @param key x-only, 32 bytes. @returns undefined when there is no such key. */
  tweakPublicKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined
  /** BIP 65. */
  checkLockTime(lockTime: number): boolean
  /** BIP 112. */
  checkSequence(sequence: number): boolean
}

/** BIP 68: the sequence is no relative lock time. */
export const SEQUENCE_DISABLE_FLAG = 0x8000_0000
/** BIP 68: the relative lock time is in units of 512 s, not in blocks. */
export const SEQUENCE_TYPE_FLAG = 0x0040_0000
/** BIP 68: the bits of the value. */
export const SEQUENCE_MASK = 0x0000_ffff

/** Checks against one input of a transaction. The midstate is shared by its inputs; for taproot it has what they spend. */
export class TransactionSignatureChecker implements SignatureChecker {
  private readonly transaction: Transaction
  private readonly inputIndex: number
  private readonly value: Sats
  private readonly verifier: SignatureVerifier
  private readonly midstate: SegwitMidstate

  constructor(
    transaction: Transaction,
    inputIndex: number,
    value: Sats,
    verifier: SignatureVerifier,
    midstate = new SegwitMidstate(transaction),
  ) {
    this.transaction = transaction
    this.inputIndex = inputIndex
    this.value = value
    this.verifier = verifier
    this.midstate = midstate
  }

  checkEcdsa(signature: Uint8Array, key: Uint8Array, scriptCode: Uint8Array, version: SigVersion): boolean {
    const hashType = signature[signature.length - 1]
    if (hashType === undefined) return false
    const compact = decodeLaxDerSignature(signature.subarray(0, -1))
    if (compact === undefined) return false
    const { transaction, inputIndex } = this
    const request = { transaction, inputIndex, scriptCode, hashType }
    const hash =
      version === 'base'
        ? legacySighash(request, this.midstate)
        : segwitSighash(request, this.value, this.midstate)
    return this.verifier.verifyEcdsa(compact, hash, key)
  }

  checkSchnorr(signature: Uint8Array, key: Uint8Array, context: TaprootContext): ScriptError | undefined {
    const explicit = signature.length === SCHNORR_BYTES + 1
    if (signature.length !== SCHNORR_BYTES && !explicit) return 'SCHNORR_SIG_SIZE'
    const hashType = explicit ? signature[SCHNORR_BYTES]! : SIGHASH.DEFAULT
    if (explicit && hashType === SIGHASH.DEFAULT) return 'SCHNORR_SIG_HASHTYPE'
    const { inputIndex, midstate } = this
    const hash = taprootSighash({ ...context, midstate, inputIndex, hashType })
    if (hash === undefined) return 'SCHNORR_SIG_HASHTYPE'
    const valid = this.verifier.verifySchnorr(signature.subarray(0, SCHNORR_BYTES), hash, key)
    return valid ? undefined : 'SCHNORR_SIG'
  }

  tweakPublicKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined {
    return this.verifier.tweakPublicKey(key, tweak)
  }

  checkLockTime(lockTime: number): boolean {
    const own = this.transaction.lockTime
    const sameKind = own < LOCKTIME_THRESHOLD === lockTime < LOCKTIME_THRESHOLD
    return sameKind && lockTime <= own && this.sequence !== SEQUENCE_FINAL
  }

  checkSequence(sequence: number): boolean {
    if (this.transaction.version < 2 || this.sequence >= SEQUENCE_DISABLE_FLAG) return false
    const mask = SEQUENCE_TYPE_FLAG | SEQUENCE_MASK
    const own = this.sequence & mask
    const asked = sequence & mask
    const sameKind = own < SEQUENCE_TYPE_FLAG === asked < SEQUENCE_TYPE_FLAG
    return sameKind && asked <= own
  }

  private get sequence(): number {
    return this.transaction.inputs[this.inputIndex]!.sequence
  }
}
