import {
  OP,
  pushBytes,
  SEQUENCE_FINAL,
  SegwitMidstate,
  SIGHASH,
  scriptOf,
  TAPSCRIPT_LEAF_VERSION,
  type TaprootContext,
  Transaction,
  tapLeafHash,
  taprootSighash,
  tapTweakHash,
} from '@onehop/ledger'
import {
  assertDefined,
  concatBytes,
  signSchnorr,
  tweakPrivateKey,
  tweakPublicKey,
  xOnlyPublicKeyOf,
} from '@onehop/primitives'
import { fieldsOf, type Spendable, testKey } from './regtest-chain.ts'

export const TAPROOT_KEY = testKey(7)

/** An output of one key and at most one leaf. */
export interface TaprootOutput {
  readonly scriptPubKey: Uint8Array
  readonly leafHash: Uint8Array
  readonly controlBlock: Uint8Array
  /** For the key path. */
  readonly privateKey: Uint8Array
}

export function taprootOutput(
  script?: Uint8Array,
  leafVersion: number = TAPSCRIPT_LEAF_VERSION,
): TaprootOutput {
  const internalKey = xOnlyPublicKeyOf(TAPROOT_KEY)
  const leafHash = tapLeafHash(leafVersion, script ?? new Uint8Array(0))
  const tweak = tapTweakHash(internalKey, script && leafHash)
  const output = assertDefined(tweakPublicKey(internalKey, tweak), 'a key')
  return {
    scriptPubKey: scriptOf(OP[1], pushBytes(output.key)),
    leafHash,
    controlBlock: concatBytes(Uint8Array.of(leafVersion | output.parity), internalKey),
    privateKey: assertDefined(tweakPrivateKey(TAPROOT_KEY, tweak), 'a key'),
  }
}

/** A spend of one coin whose witness lacks. */
export function unsignedSpend(from: Spendable, scriptPubKey: Uint8Array, fee = 10_000n): Transaction {
  return new Transaction({
    version: 2,
    inputs: [
      { previousOutput: from.outPoint, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] },
    ],
    outputs: [{ value: from.coin.output.value - fee, scriptPubKey }],
    lockTime: 0,
  })
}

/** The signature of the only input, with its hash type where that is not the default. */
export function signTaproot(
  transaction: Transaction,
  from: Spendable,
  privateKey: Uint8Array,
  context: TaprootContext & { readonly hashType?: number } = {},
): Uint8Array {
  const hashType = context.hashType ?? SIGHASH.DEFAULT
  const midstate = new SegwitMidstate(transaction, [from.coin.output])
  const hash = assertDefined(taprootSighash({ ...context, midstate, inputIndex: 0, hashType }), 'a hash type')
  const signature = signSchnorr(hash, privateKey, new Uint8Array(32))
  return hashType === SIGHASH.DEFAULT ? signature : concatBytes(signature, Uint8Array.of(hashType))
}

export function withWitness(transaction: Transaction, ...witness: readonly Uint8Array[]): Transaction {
  const inputs = transaction.inputs.map(input => ({ ...input, witness }))
  return new Transaction({ ...fieldsOf(transaction), inputs })
}
