import type { Sats } from './amount.ts'
import { Block, BlockHeader } from './block.ts'
import { requiredBits } from './difficulty.ts'
import type { HeaderNode } from './header-node.ts'
import { selectForBlock } from './mempool/block-selection.ts'
import type { Mempool } from './mempool/mempool.ts'
import { transactionMerkleRoot } from './merkle.ts'
import type { ChainParameters } from './params.ts'
import { minimumBlockTime } from './rules/check-header-time.ts'
import { pushBytes, pushNumber, scriptOf } from './script/script-building.ts'
import { blockSubsidy } from './subsidy.ts'
import { NULL_OUTPOINT, SEQUENCE_FINAL, Transaction } from './transaction.ts'
import { WITNESS_NONCE_LENGTH, witnessCommitment, witnessCommitmentScript } from './witness-commitment.ts'

/** Version bits of a block that signals nothing (BIP 9). */
const BLOCK_VERSION = 0x2000_0000
const EXTRA_NONCE_BYTES = 4

/** What a block is to be made of. */
export interface TemplateRequest extends BlockRequest {
  readonly mempool: Pick<Mempool, 'entries'>
}

/** What a block is to be made of, besides transactions. */
export interface BlockRequest {
  /** What the block builds on. */
  readonly parent: HeaderNode
  readonly parameters: ChainParameters
  /** Whom the subsidy and the fees go to. */
  readonly coinbaseScript: Uint8Array
  /** Unix time in seconds. */
  readonly nowSeconds: number
  /** Makes the coinbase differ from others at the same height, 32 bits. Default 0. */
  readonly extraNonce?: number
}

/** A block that lacks only its proof of work: valid for Bitcoin Core once a nonce is found. */
export function createBlockTemplate(request: TemplateRequest): Block {
  const chosen = selectForBlock(request.mempool.entries(), request.parent)
  const fees = chosen.reduce((sum, entry) => sum + entry.fee, 0n)
  return assembleBlock(
    request,
    chosen.map(entry => entry.transaction),
    fees,
  )
}

/** A block of these transactions, in their order, that lacks only its proof of work. @param fees that the coinbase takes. */
export function assembleBlock(request: BlockRequest, others: readonly Transaction[], fees: Sats): Block {
  const { parent, parameters, nowSeconds } = request
  const transactions = [createCoinbase(request, fees, others), ...others]
  const time = Math.max(nowSeconds, minimumBlockTime(parent, parameters))
  const header = new BlockHeader({
    version: BLOCK_VERSION,
    previousBlock: parent.hash,
    merkleRoot: transactionMerkleRoot(transactions).root,
    time,
    bits: requiredBits(parent, { time }, parameters),
    nonce: 0,
  })
  return new Block(header, transactions)
}

/**
 * BIP 34's height, and an extra nonce, which also keeps the script of the first 16 blocks long enough. Its lock time is
 * the height before, as Core 30 sets it, so that no earlier block could have the same coinbase (BIP 54).
 */
function createCoinbase(request: BlockRequest, fees: Sats, others: readonly Transaction[]): Transaction {
  const { parent, parameters, coinbaseScript, extraNonce = 0 } = request
  const height = parent.height + 1
  const nonce = new Uint8Array(EXTRA_NONCE_BYTES)
  new DataView(nonce.buffer).setUint32(0, extraNonce, true)
  const witnessNonce = new Uint8Array(WITNESS_NONCE_LENGTH)
  const withoutCommitment = new Transaction({
    version: 2,
    inputs: [
      {
        previousOutput: NULL_OUTPOINT,
        scriptSig: scriptOf(pushNumber(height), pushBytes(nonce)),
        sequence: SEQUENCE_FINAL - 1,
        witness: [witnessNonce],
      },
    ],
    outputs: [{ value: blockSubsidy(height, parameters) + fees, scriptPubKey: coinbaseScript }],
    lockTime: parent.height,
  })
  if (height < parameters.segwitHeight) return withoutCommitment
  const commitment = witnessCommitment([withoutCommitment, ...others], witnessNonce)
  return new Transaction({
    version: withoutCommitment.version,
    inputs: withoutCommitment.inputs,
    outputs: [...withoutCommitment.outputs, { value: 0n, scriptPubKey: witnessCommitmentScript(commitment) }],
    lockTime: withoutCommitment.lockTime,
  })
}
