import {
  Block,
  type BlockHash,
  BlockHeader,
  type BlockHeaderFields,
  blockSubsidy,
  checkProofOfWork,
  NULL_OUTPOINT,
  pushBytes,
  pushNumber,
  REGTEST,
  SEQUENCE_FINAL,
  scriptOf,
  Transaction,
  type TxOutput,
  transactionMerkleRoot,
  witnessCommitment,
  witnessCommitmentScript,
} from '@onehop/ledger'

/** What a block needs to know of its parent. */
export interface Link {
  readonly hash: BlockHash
  readonly height: number
  readonly time: number
}

export const GENESIS_LINK: Link = {
  hash: REGTEST.genesis.hash,
  height: 0,
  time: REGTEST.genesis.header.time,
}

/** The link that children of the block need. */
export function linkOf(block: Block, height: number): Link {
  return { hash: block.hash, height, time: block.header.time }
}

function fieldsOf({ version, previousBlock, merkleRoot, time, bits, nonce }: BlockHeader): BlockHeaderFields {
  return { version, previousBlock, merkleRoot, time, bits, nonce }
}

/** The block with the first nonce that gives it its proof of work. */
export function solve({ header, transactions }: Block): Block {
  for (let nonce = 0; ; nonce++) {
    const candidate = new BlockHeader({ ...fieldsOf(header), nonce })
    if (checkProofOfWork(candidate.hash, header.bits, REGTEST.powLimit))
      return new Block(candidate, transactions)
  }
}

/** The block with other transactions, its root made to fit, solved. */
export function withTransactions({ header }: Block, transactions: readonly Transaction[]): Block {
  const { root } = transactionMerkleRoot(transactions)
  return solve(new Block(new BlockHeader({ ...fieldsOf(header), merkleRoot: root }), transactions))
}

/** What is in a block beside its coinbase, and what that has. */
export interface BlockContent {
  readonly transactions?: readonly Transaction[]
  /** Whom the subsidy goes to. */
  readonly script: Uint8Array
  /** Makes blocks at the same place differ, 16 bits. */
  readonly extraNonce?: number
  /** Satoshis beyond the subsidy. */
  readonly fees?: bigint
}

const WITNESS_NONCE = new Uint8Array(32)

function coinbaseOf(height: number, { script, extraNonce = 0, fees = 0n }: BlockContent): Transaction {
  const outputs = [{ value: blockSubsidy(height, REGTEST) + fees, scriptPubKey: script }]
  const nonce = Uint8Array.of(extraNonce, extraNonce >>> 8, 1)
  return new Transaction({
    version: 2,
    inputs: [
      {
        previousOutput: NULL_OUTPOINT,
        scriptSig: scriptOf(pushNumber(height), pushBytes(nonce)),
        sequence: SEQUENCE_FINAL,
        witness: [WITNESS_NONCE],
      },
    ],
    outputs,
    lockTime: 0,
  })
}

/** The coinbase with an output that commits to the witnesses of all. */
function committed(coinbase: Transaction, others: readonly Transaction[]): Transaction {
  const { version, inputs, outputs, lockTime } = coinbase
  const commitment: TxOutput = {
    value: 0n,
    scriptPubKey: witnessCommitmentScript(witnessCommitment([coinbase, ...others], WITNESS_NONCE)),
  }
  return new Transaction({ version, inputs, outputs: [...outputs, commitment], lockTime })
}

/** A solved regtest block, one second after its parent. Fees are left unclaimed unless told otherwise. */
export function makeBlock(parent: Link, content: BlockContent): Block {
  const { transactions = [] } = content
  const all = [committed(coinbaseOf(parent.height + 1, content), transactions), ...transactions]
  const header = new BlockHeader({
    version: 0x2000_0000,
    previousBlock: parent.hash,
    merkleRoot: transactionMerkleRoot(all).root,
    time: parent.time + 1,
    bits: REGTEST.genesis.header.bits,
    nonce: 0,
  })
  return solve(new Block(header, all))
}
