import {
  Block,
  type BlockHash,
  BlockHeader,
  blockSubsidy,
  type Coin,
  checkProofOfWork,
  NULL_OUTPOINT,
  type OutPoint,
  p2pkhScript,
  p2wpkhScript,
  pushBytes,
  pushNumber,
  REGTEST,
  SEQUENCE_FINAL,
  SegwitMidstate,
  SIGHASH,
  scriptOf,
  segwitSighash,
  serializeBlock,
  Transaction,
  transactionMerkleRoot,
  witnessCommitment,
  witnessCommitmentScript,
} from '@onehop/ledger'
import { concatBytes, encodeDerSignature, hash160, publicKeyOf, signEcdsa } from '@onehop/primitives'
import type { Chain } from '../../src/index.ts'

const PRIVATE_KEY = new Uint8Array(32).fill(7)
const PUBLIC_KEY = publicKeyOf(PRIVATE_KEY)
const KEY_HASH = hash160(PUBLIC_KEY)

/** Pays the key that {@link spend} signs with. */
export const OWN_SCRIPT = p2wpkhScript(KEY_HASH)

/** A time that no test reaches. */
export const NOW_SECONDS = REGTEST.genesis.header.time + 100_000_000

export const openOptions = { parameters: REGTEST, nowSeconds: () => NOW_SECONDS } as const

/** What a block needs to know of its parent. */
export interface Link {
  readonly hash: BlockHash
  readonly height: number
  readonly time: number
}

export const GENESIS: Link = { hash: REGTEST.genesis.hash, height: 0, time: REGTEST.genesis.header.time }

export function linkOf(block: Block, height: number): Link {
  return { hash: block.hash, height, time: block.header.time }
}

export function tipOf({ tip }: Chain): Link {
  return { hash: tip.hash, height: tip.height, time: tip.header.time }
}

/** The block with a nonce that gives it its proof of work, or (to be refused) lacks just that. */
export function solve({ header, transactions }: Block, solved = true): Block {
  for (let nonce = 0; ; nonce++) {
    const candidate = new BlockHeader({ ...fieldsOf(header), nonce })
    if (checkProofOfWork(candidate.hash, header.bits, REGTEST.powLimit) === solved)
      return new Block(candidate, transactions)
  }
}

function fieldsOf({ version, previousBlock, merkleRoot, time, bits, nonce }: BlockHeader) {
  return { version, previousBlock, merkleRoot, time, bits, nonce }
}

export interface BlockContent {
  readonly transactions?: readonly Transaction[]
  /** Satoshis that the coinbase claims beyond the subsidy. */
  readonly fees?: bigint
  /** Makes blocks at the same place differ. */
  readonly extraNonce?: number
  /** Whom the coinbase pays. @default OWN_SCRIPT */
  readonly coinbaseScript?: Uint8Array
}

/** A solved block. */
export function makeBlock(
  parent: Link,
  { transactions = [], fees = 0n, extraNonce = 0, coinbaseScript = OWN_SCRIPT }: BlockContent = {},
): Block {
  const height = parent.height + 1
  const nonce = new Uint8Array(32)
  const coinbaseOf = (commitment: Uint8Array) =>
    new Transaction({
      version: 2,
      inputs: [
        {
          previousOutput: NULL_OUTPOINT,
          scriptSig: scriptOf(pushNumber(height), pushBytes(Uint8Array.of(extraNonce, extraNonce >>> 8, 1))),
          sequence: SEQUENCE_FINAL,
          witness: [nonce],
        },
      ],
      outputs: [
        { value: blockSubsidy(height, REGTEST) + fees, scriptPubKey: coinbaseScript },
        { value: 0n, scriptPubKey: witnessCommitmentScript(commitment) },
      ],
      lockTime: 0,
    })
  const commitment = witnessCommitment([coinbaseOf(new Uint8Array(32)), ...transactions], nonce)
  const all = [coinbaseOf(commitment), ...transactions]
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

/** A branch of blocks without transactions. */
export function makeBranch(parent: Link, length: number, extraNonce = 0): Block[] {
  const blocks: Block[] = []
  let link = parent
  for (let i = 0; i < length; i++) {
    const block = makeBlock(link, { extraNonce })
    blocks.push(block)
    link = linkOf(block, link.height + 1)
  }
  return blocks
}

/** Spends a coin of {@link OWN_SCRIPT} to the same script. @param fee tells spends of one coin apart, too. */
export function spend(outpoint: OutPoint, value: bigint, fee = 1_000n): Transaction {
  const unsigned = {
    version: 2,
    inputs: [
      { previousOutput: outpoint, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] },
    ],
    outputs: [{ value: value - fee, scriptPubKey: OWN_SCRIPT }],
    lockTime: 0,
  }
  const transaction = new Transaction(unsigned)
  const request = { transaction, inputIndex: 0, scriptCode: p2pkhScript(KEY_HASH), hashType: SIGHASH.ALL }
  const hash = segwitSighash(request, value, new SegwitMidstate(transaction))
  const signature = concatBytes(encodeDerSignature(signEcdsa(hash, PRIVATE_KEY)), Uint8Array.of(SIGHASH.ALL))
  return new Transaction({
    ...unsigned,
    inputs: unsigned.inputs.map(input => ({ ...input, witness: [signature, PUBLIC_KEY] })),
  })
}

/** Spends the block's subsidy. */
export function spendCoinbase(block: Block, fee = 1_000n): Transaction {
  const coinbase = block.transactions[0]
  const value = coinbase?.outputs[0]?.value
  if (coinbase === undefined || value === undefined) throw new Error('a block has a coinbase')
  return spend({ txid: coinbase.txid, index: 0 }, value, fee)
}

/** Gives the chain all blocks, which it has to take. */
export async function acceptAll(chain: Chain, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    const verdict = await chain.acceptBlock(serializeBlock(block))
    if (!verdict.ok) throw new Error(`a block was refused: ${verdict.code}`)
  }
}

/** Every unspent output as text, in order. */
export async function utxosOf(chain: Chain): Promise<string[]> {
  const lines: string[] = []
  for await (const [{ txid, index }, coin] of chain.coins())
    lines.push(`${Buffer.from(txid).toString('hex')}:${index} ${describe(coin)}`)
  return lines
}

function describe({ output, height, coinbase }: Coin): string {
  return `${output.value} ${Buffer.from(output.scriptPubKey).toString('hex')} ${height} ${coinbase}`
}

/** All blocks of the active chain above the first one. */
export async function activeBlocks(chain: Chain): Promise<Block[]> {
  const blocks: Block[] = []
  for (let height = 1; height <= chain.tip.height; height++) {
    const hash = chain.hashAtHeight(height)
    const block = hash && (await chain.getBlock(hash))
    if (block === undefined) throw new Error(`no block at height ${height}`)
    blocks.push(block)
  }
  return blocks
}
