import { Block, BlockHeader, merkleRoot, Transaction, type TxInput } from '@onehop/ledger'
import { assert, assertDefined, ByteWriter } from '@onehop/primitives'

/** Bytes of a coinbase's scriptSig, at most (`bad-cb-length`). */
const MAX_COINBASE_SCRIPT_BYTES = 100
const EXTRA_NONCE_BYTES = 8

function withExtraNonce(input: TxInput, extraNonce: number): TxInput {
  const push = new ByteWriter(EXTRA_NONCE_BYTES + 1)
    .writeUint8(EXTRA_NONCE_BYTES)
    .writeUint64(BigInt(extraNonce))
    .toBytes()
  const script = new ByteWriter().writeBytes(input.scriptSig).writeBytes(push).toBytes()
  assert(script.length <= MAX_COINBASE_SCRIPT_BYTES, 'the coinbase script has room for an extra nonce')
  return { ...input, scriptSig: script }
}

/**
 * The same block with a number pushed at the end of its coinbase's scriptSig, and the merkle root that follows: a
 * new header to search. The witness commitment stays right, for it does not cover the coinbase (BIP 141).
 */
export function rollExtraNonce(template: Block, extraNonce: number): Block {
  const [coinbase, ...others] = template.transactions
  const first = assertDefined(coinbase, 'a template has a coinbase')
  const rolled = new Transaction({
    version: first.version,
    inputs: first.inputs.map(input => withExtraNonce(input, extraNonce)),
    outputs: first.outputs,
    lockTime: first.lockTime,
  })
  const transactions = [rolled, ...others]
  const { root } = merkleRoot(transactions.map(transaction => transaction.txid))
  const { version, previousBlock, time, bits } = template.header
  const header = new BlockHeader({ version, previousBlock, merkleRoot: root, time, bits, nonce: 0 })
  return new Block(header, transactions)
}
