import {
  type Block,
  type BlockHash,
  type BlockHeader,
  type BlockUndo,
  blockHashToHex,
  type ChainParameters,
  type Coin,
  type HeaderNode,
  inferDescriptor,
  scriptSigToAsm,
  scriptToAddress,
  scriptToAsm,
  scriptType,
  serializeBlock,
  serializeTransaction,
  type Transaction,
  targetOf,
  txIdToHex,
  WITNESS_SCALE_FACTOR,
} from '@onehop/ledger'
import { bytesToHex, reverseBytes } from '@onehop/primitives'
import { BitcoinAmount } from '@onehop/rpc'

/** 64 hexadecimal digits, big endian, as Core prints work and targets. */
export function uint256Hex(value: bigint): string {
  return value.toString(16).padStart(64, '0')
}

/** The compact target as Core prints it. */
export function bitsHex(bits: number): string {
  return bits.toString(16).padStart(8, '0')
}

/** How many times harder than the easiest target of mainnet. */
export function difficultyOf(bits: number): number {
  return shownNumber((0xffff / (bits & 0xff_ffff)) * 256 ** (29 - (bits >>> 24)))
}

/** A number with the 16 digits that Core's JSON has. */
export function shownNumber(value: number): number {
  return Number(value.toPrecision(16))
}

export function scriptJson(script: Uint8Array, parameters: ChainParameters) {
  const address = scriptToAddress(script, parameters)
  return {
    asm: scriptToAsm(script),
    desc: inferDescriptor(script, parameters),
    hex: bytesToHex(script),
    ...(address === undefined ? {} : { address }),
    type: scriptType(script),
  }
}

/** What is known of the coins that a transaction spends. */
export interface SpentCoins {
  /** In the order of its inputs. */
  readonly coins: readonly Coin[]
  /** Whether each input shows its coin. */
  readonly areShown: boolean
}

/**
 * As `decoderawtransaction` shows a transaction.
 * @param spent absent where the coins that it spends are not known, and for a coinbase.
 */
export function transactionJson(transaction: Transaction, parameters: ChainParameters, spent?: SpentCoins) {
  return {
    txid: txIdToHex(transaction.txid),
    hash: txIdToHex(transaction.wtxid),
    version: transaction.version,
    size: transaction.totalSize,
    vsize: transaction.virtualSize,
    weight: transaction.weight,
    locktime: transaction.lockTime,
    vin: transaction.inputs.map((input, i) => {
      const witness = input.witness.length === 0 ? {} : { txinwitness: input.witness.map(bytesToHex) }
      if (transaction.isCoinbase && i === 0) {
        return { coinbase: bytesToHex(input.scriptSig), ...witness, sequence: input.sequence }
      }
      return {
        txid: txIdToHex(input.previousOutput.txid),
        vout: input.previousOutput.index,
        scriptSig: { asm: scriptSigToAsm(input.scriptSig), hex: bytesToHex(input.scriptSig) },
        ...witness,
        ...prevoutJson(spent?.areShown ? spent.coins[i] : undefined, parameters),
        sequence: input.sequence,
      }
    }),
    vout: transaction.outputs.map((output, n) => ({
      value: new BitcoinAmount(output.value),
      n,
      scriptPubKey: scriptJson(output.scriptPubKey, parameters),
    })),
    ...feeJson(transaction, spent?.coins),
    hex: bytesToHex(serializeTransaction(transaction)),
  }
}

function prevoutJson(coin: Coin | undefined, parameters: ChainParameters) {
  if (coin === undefined) return {}
  const { coinbase, height, output } = coin
  return {
    prevout: {
      generated: coinbase,
      height,
      value: new BitcoinAmount(output.value),
      scriptPubKey: scriptJson(output.scriptPubKey, parameters),
    },
  }
}

/** Where a block stands: what a header alone does not say. */
export interface BlockContext {
  readonly node: HeaderNode
  readonly medianTime: number
  /** −1 when it is not in the active chain. */
  readonly confirmations: number
  readonly nextHash: BlockHash | undefined
  /** Transactions in the block; 0 where that is not known. */
  readonly nTx: number
}

/** As `getblockheader` shows a header. */
export function headerJson(header: BlockHeader, context: BlockContext) {
  const { node, medianTime, confirmations, nextHash, nTx } = context
  return {
    hash: blockHashToHex(node.hash),
    confirmations,
    height: node.height,
    version: header.version,
    versionHex: (header.version >>> 0).toString(16).padStart(8, '0'),
    merkleroot: bytesToHex(reverseBytes(header.merkleRoot)),
    time: header.time,
    mediantime: medianTime,
    nonce: header.nonce,
    bits: bitsHex(header.bits),
    target: uint256Hex(targetOf(header.bits)),
    difficulty: difficultyOf(header.bits),
    chainwork: uint256Hex(node.chainWork),
    nTx,
    ...(node.height === 0 ? {} : { previousblockhash: blockHashToHex(header.previousBlock) }),
    ...(nextHash === undefined ? {} : { nextblockhash: blockHashToHex(nextHash) }),
  }
}

/** As `getblock` shows a block; with whole transactions at verbosity 2, and the coins that they spend at 3. */
export function blockJson(
  block: Block,
  context: BlockContext,
  verbosity: number,
  parameters: ChainParameters,
  undo?: BlockUndo,
) {
  const size = serializeBlock(block).length
  return {
    ...headerJson(block.header, context),
    // Its weight counts the bytes without witnesses three times more (BIP 141).
    strippedsize: (block.weight - size) / (WITNESS_SCALE_FACTOR - 1),
    size,
    weight: block.weight,
    tx: block.transactions.map((transaction, i) => {
      if (verbosity < 2) return txIdToHex(transaction.txid)
      const coins = undo?.spent[i - 1]
      return transactionJson(transaction, parameters, coins && { coins, areShown: verbosity >= 3 })
    }),
  }
}

/** The fee, where the coins that the transaction spent are known: not those of a coinbase. */
function feeJson({ outputs }: Transaction, spent: readonly Coin[] | undefined) {
  if (spent === undefined) return {}
  const input = spent.reduce((sum, { output }) => sum + output.value, 0n)
  return { fee: new BitcoinAmount(input - outputs.reduce((sum, { value }) => sum + value, 0n)) }
}
