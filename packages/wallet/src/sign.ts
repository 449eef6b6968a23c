import {
  legacySighash,
  p2pkhScript,
  pushBytes,
  SegwitMidstate,
  SIGHASH,
  scriptOf,
  segwitSighash,
  Transaction,
  type TxInput,
  type TxOutput,
} from '@onehop/ledger'
import { assertDefined, concatBytes, encodeDerSignature, signEcdsa } from '@onehop/primitives'
import type { ScriptKind, WalletKey } from './keys.ts'

/** A coin to be spent, and the key that may. */
export interface SigningCoin {
  readonly output: TxOutput
  readonly key: WalletKey
  readonly kind: ScriptKind
}

const NOTHING = new Uint8Array(0)

/** DER with the byte of SIGHASH_ALL, at most 72 bytes: s is low (BIP 146), so that everyone relays it. */
function signatureOf(hash: Uint8Array, key: WalletKey): Uint8Array {
  return concatBytes(encodeDerSignature(signEcdsa(hash, key.privateKey)), Uint8Array.of(SIGHASH.ALL))
}

function signInput(
  transaction: Transaction,
  inputIndex: number,
  coin: SigningCoin,
  midstate: SegwitMidstate,
): Pick<TxInput, 'scriptSig' | 'witness'> {
  const { key, kind, output } = coin
  // Both kinds sign the P2PKH script: BIP 143 uses it as the script code of a P2WPKH coin.
  const request = { transaction, inputIndex, scriptCode: p2pkhScript(key.hash), hashType: SIGHASH.ALL }
  if (kind === 'p2wpkh') {
    const signature = signatureOf(segwitSighash(request, output.value, midstate), key)
    return { scriptSig: NOTHING, witness: [signature, key.publicKey] }
  }
  const signature = signatureOf(legacySighash(request), key)
  return { scriptSig: scriptOf(pushBytes(signature), pushBytes(key.publicKey)), witness: [] }
}

/**
 * The transaction with all its inputs signed.
 * @param coins those that the inputs spend, in their order.
 */
export function signTransaction(unsigned: Transaction, coins: readonly SigningCoin[]): Transaction {
  const midstate = new SegwitMidstate(unsigned)
  const inputs = unsigned.inputs.map((input, index) => {
    const coin = assertDefined(coins[index], 'every input has its coin')
    return { ...input, ...signInput(unsigned, index, coin, midstate) }
  })
  const { version, outputs, lockTime } = unsigned
  return new Transaction({ version, inputs, outputs, lockTime })
}
