import {
  legacySighash,
  OP,
  type OutPoint,
  p2pkhScript,
  p2wpkhScript,
  pushBytes,
  SEQUENCE_FINAL,
  SegwitMidstate,
  SIGHASH,
  scriptOf,
  segwitSighash,
  Transaction,
  type TransactionFields,
  type TxInput,
  type TxOutput,
  taprootSighash,
} from '@onehop/ledger'
import {
  assertDefined,
  concatBytes,
  encodeDerSignature,
  hash160,
  publicKeyOf,
  sha256,
  signEcdsa,
  signSchnorr,
  utf8Encode,
} from '@onehop/primitives'

/** How a coin is locked: to a key's hash, old and segwit, or to a key itself (taproot, key path). */
export type SpendKind = 'p2pkh' | 'p2wpkh' | 'p2tr'

/** A key pair that depends on its name only. */
export interface KeyPair {
  readonly privateKey: Uint8Array
  /** 33 bytes. */
  readonly publicKey: Uint8Array
}

export function keyNamed(name: string): KeyPair {
  const privateKey = sha256(utf8Encode(name))
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}

/** What locks a coin to the key. A taproot output key is the key itself: nobody asks whether it was tweaked. */
export function scriptFor({ publicKey }: KeyPair, kind: SpendKind): Uint8Array {
  if (kind === 'p2tr') return scriptOf(OP[1], pushBytes(publicKey.slice(1)))
  return kind === 'p2pkh' ? p2pkhScript(hash160(publicKey)) : p2wpkhScript(hash160(publicKey))
}

/** A coin that can be spent. */
export interface OwnCoin {
  readonly outPoint: OutPoint
  readonly output: TxOutput
  readonly key: KeyPair
  readonly kind: SpendKind
}

/** A signature as the verification port gets it. */
export interface SignedHash {
  /** 64 bytes. */
  readonly signature: Uint8Array
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** 33 bytes, 32 for Schnorr. */
  readonly publicKey: Uint8Array
}

/** A signed transaction, and its signatures. */
export interface SignedSpend {
  readonly transaction: Transaction
  readonly signatures: readonly SignedHash[]
}

const EMPTY = new Uint8Array(0)
const AUXILIARY = new Uint8Array(32)
const HASH_TYPE = Uint8Array.of(SIGHASH.ALL)

function signInput(coin: OwnCoin, inputIndex: number, midstate: SegwitMidstate): SignedHash {
  const { key, kind, output } = coin
  const { transaction } = midstate
  if (kind === 'p2tr') {
    const request = { midstate, inputIndex, hashType: SIGHASH.DEFAULT }
    const hash = assertDefined(taprootSighash(request), 'the default hash type is one')
    const signature = signSchnorr(hash, key.privateKey, AUXILIARY)
    return { signature, hash, publicKey: key.publicKey.slice(1) }
  }
  const request = {
    transaction,
    inputIndex,
    scriptCode: p2pkhScript(hash160(key.publicKey)),
    hashType: SIGHASH.ALL,
  }
  const hash = kind === 'p2pkh' ? legacySighash(request) : segwitSighash(request, output.value, midstate)
  return { signature: signEcdsa(hash, key.privateKey), hash, publicKey: key.publicKey }
}

function withProof(input: TxInput, { kind }: OwnCoin, { signature, publicKey }: SignedHash): TxInput {
  if (kind === 'p2tr') return { ...input, witness: [signature] }
  const der = concatBytes(encodeDerSignature(signature), HASH_TYPE)
  return kind === 'p2wpkh'
    ? { ...input, witness: [der, publicKey] }
    : { ...input, scriptSig: scriptOf(pushBytes(der), pushBytes(publicKey)) }
}

/** Spends the coins, and signs for all of them. */
export function signedSpend(
  coins: readonly OwnCoin[],
  outputs: readonly TxOutput[],
  rest: Partial<Pick<TransactionFields, 'version' | 'lockTime'>> & { readonly sequence?: number } = {},
): SignedSpend {
  const { version = 2, lockTime = 0, sequence = SEQUENCE_FINAL } = rest
  const unsigned = new Transaction({
    version,
    inputs: coins.map(({ outPoint }) => ({
      previousOutput: outPoint,
      scriptSig: EMPTY,
      sequence,
      witness: [],
    })),
    outputs,
    lockTime,
  })
  const midstate = new SegwitMidstate(
    unsigned,
    coins.map(coin => coin.output),
  )
  const signatures = coins.map((coin, i) => signInput(coin, i, midstate))
  const inputs = unsigned.inputs.map((input, i) => withProof(input, coins[i]!, signatures[i]!))
  return { transaction: new Transaction({ version, inputs, outputs, lockTime }), signatures }
}
