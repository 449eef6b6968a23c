/** Checks the three usual kinds of spends with bitcoinjs-lib's signature hashes and the reference verifier. */
import { serializeTransaction, type Transaction } from '@onehop/ledger'
import { decodeStrictDerSignature, equalBytes, hash160, nobleVerifier } from '@onehop/primitives'
import { Transaction as OtherTransaction, script as otherScript, payments } from 'bitcoinjs-lib'
import {
  checkAnyoneSpend,
  hexOf,
  type ModelCoin,
  type SpendCheck,
} from '../../../packages/chain/test/model/naive-rules.ts'
import { attempt } from '../target.ts'

const P2PKH = /^76a914([0-9a-f]{40})88ac$/
const P2WPKH = /^0014([0-9a-f]{40})$/
const P2TR = /^5120([0-9a-f]{64})$/
const COMPRESSED_BYTES = 33

function verifyEcdsa(
  signature: Uint8Array,
  key: Uint8Array,
  keyHash: string,
  hashOf: (hashType: number) => Uint8Array,
): boolean | undefined {
  if (hexOf(hash160(key)) !== keyHash) return false
  const compact = attempt(() => decodeStrictDerSignature(signature.subarray(0, -1)))
  // Encodings that are not strict are refused by rules of their own.
  if (compact === undefined || key.length !== COMPRESSED_BYTES) return undefined
  return nobleVerifier.verifyEcdsa(compact, hashOf(signature.at(-1) ?? 0), key)
}

function checkP2pkh(
  other: OtherTransaction,
  inputIndex: number,
  coin: ModelCoin,
  keyHash: string,
): boolean | undefined {
  const chunks = otherScript.decompile(other.ins[inputIndex]!.script)
  const [signature, key] = chunks ?? []
  if (chunks?.length !== 2 || !(signature instanceof Uint8Array) || !(key instanceof Uint8Array))
    return undefined
  const previous = Buffer.from(coin.script, 'hex')
  return verifyEcdsa(signature, key, keyHash, hashType =>
    other.hashForSignature(inputIndex, previous, hashType),
  )
}

function checkP2wpkh(
  other: OtherTransaction,
  inputIndex: number,
  coin: ModelCoin,
  keyHash: string,
): boolean | undefined {
  const { witness, script } = other.ins[inputIndex]!
  const [signature, key] = witness
  if (script.length > 0 || witness.length !== 2) return false
  if (signature === undefined || key === undefined || signature.length === 0) return false
  const code = payments.p2pkh({ hash: Buffer.from(keyHash, 'hex') }).output!
  return verifyEcdsa(signature, key, keyHash, hashType =>
    other.hashForWitnessV0(inputIndex, code, coin.value, hashType),
  )
}

function checkP2tr(
  other: OtherTransaction,
  inputIndex: number,
  coins: readonly ModelCoin[],
  key: string,
): boolean | undefined {
  const { witness, script } = other.ins[inputIndex]!
  const [signature] = witness
  if (script.length > 0 || signature === undefined) return false
  if (witness.length !== 1) return undefined
  if (signature.length !== 64 && signature.length !== 65) return false
  const hashType = signature[64] ?? 0
  if (signature.length === 65 && hashType === 0) return false
  const scripts = coins.map(coin => Buffer.from(coin.script, 'hex'))
  const values = coins.map(coin => coin.value)
  const hash = other.hashForWitnessV1(inputIndex, scripts, values, hashType)
  return nobleVerifier.verifySchnorr(signature.subarray(0, 64), hash, Buffer.from(key, 'hex'))
}

/** What bitcoinjs-lib can compute a hash for: it throws for other types. */
const USUAL_TYPES: readonly number[] = [0, 1, 2, 3, 0x81, 0x82, 0x83]

function hasUsualTypes(transaction: Transaction): boolean {
  return transaction.inputs.every(
    ({ witness }) =>
      witness.length !== 1 || witness[0]!.length !== 65 || USUAL_TYPES.includes(witness[0]![64]!),
  )
}

/** Whether the spend is right; undefined where this cannot be told. */
export const checkUsualSpend: SpendCheck = (transaction, inputIndex, coins) => {
  const coin = coins[inputIndex]!
  const byAnyone = checkAnyoneSpend(transaction, inputIndex, coins)
  if (byAnyone !== undefined) return byAnyone
  const bytes = serializeTransaction(transaction)
  const other = OtherTransaction.fromBuffer(Buffer.from(bytes))
  if (!equalBytes(other.toBuffer(), bytes)) throw new Error('bitcoinjs-lib reads another transaction')
  const [, keyHash] = P2PKH.exec(coin.script) ?? []
  if (keyHash !== undefined) return checkP2pkh(other, inputIndex, coin, keyHash)
  const [, witnessHash] = P2WPKH.exec(coin.script) ?? []
  if (witnessHash !== undefined) return checkP2wpkh(other, inputIndex, coin, witnessHash)
  const [, key] = P2TR.exec(coin.script) ?? []
  return key !== undefined && hasUsualTypes(transaction)
    ? checkP2tr(other, inputIndex, coins, key)
    : undefined
}
