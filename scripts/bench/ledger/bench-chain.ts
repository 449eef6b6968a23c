import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Block, serializeBlock, type Transaction, type TxOutput } from '@onehop/ledger'
import { concatBytes } from '@onehop/primitives'
import { GENESIS_LINK, type Link, linkOf, makeBlock } from '../../regtest/blocks.ts'
import { keyNamed, type OwnCoin, type SpendKind, scriptFor, signedSpend } from '../../regtest/spends.ts'

/** Which chain: its blocks of spends come after those that make the coins. */
export interface ChainShape {
  /** Each block has as many spends of each kind. */
  readonly kinds: readonly SpendKind[]
  readonly spendBlocks: number
  readonly spendsPerBlock: number
}

/** Where a chain lies, and what it has. */
export interface BenchChain {
  readonly folder: string
  readonly shape: ChainShape
  /** Bytes of each block from the file's start to the block's, and to the end of the last one. */
  readonly offsets: readonly number[]
  /** Blocks before the first one of spends. */
  readonly setupBlocks: number
}

/** Changes whenever the same shape gives other blocks. */
const FORMAT = 1
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/onehop-bench', import.meta.url))
const MATURITY = 100
/** Outputs of a transaction that makes coins: two of them fill a block. */
const COINS_PER_TRANSACTION = 3000
/** Satoshis. Ten times what a mempool asks for at least. */
const FEE = 1_000n
const MINER = keyNamed('onehop bench miner')

/** Builds a chain, block by block. */
class ChainBuilder {
  readonly blocks: Uint8Array[] = []
  readonly signatures: Uint8Array[] = []
  private link: Link = GENESIS_LINK
  private readonly coinbases: Block[] = []

  mine(transactions: readonly Transaction[] = []): void {
    const block = makeBlock(this.link, { transactions, script: scriptFor(MINER, 'p2wpkh') })
    this.link = linkOf(block, this.link.height + 1)
    this.coinbases.push(block)
    this.blocks.push(serializeBlock(block))
  }

  /** Turns the oldest unspent coinbase into coins of the outputs' scripts. */
  fanOut(height: number, scripts: readonly Uint8Array[]): Transaction {
    const coinbase = this.coinbases[height - 1]!.transactions[0]!
    const output = coinbase.outputs[0]!
    const value = output.value / BigInt(scripts.length) - FEE
    const coin: OwnCoin = { outPoint: { txid: coinbase.txid, index: 0 }, output, key: MINER, kind: 'p2wpkh' }
    return signedSpend(
      [coin],
      scripts.map(scriptPubKey => ({ value, scriptPubKey })),
    ).transaction
  }

  /** A block in which each coin is spent by a transaction of its own. */
  mineSpends(coins: readonly OwnCoin[]): void {
    const spends = coins.map(coin => {
      const outputs: TxOutput[] = [
        { value: coin.output.value - FEE, scriptPubKey: scriptFor(coin.key, coin.kind) },
      ]
      return signedSpend([coin], outputs)
    })
    for (const { signatures } of spends)
      for (const { signature, hash, publicKey } of signatures)
        this.signatures.push(concatBytes(signature, hash, publicKey))
    this.mine(spends.map(({ transaction }) => transaction))
  }
}

function buildChain(
  { kinds, spendBlocks, spendsPerBlock }: ChainShape,
  progress: (text: string) => void,
): ChainBuilder {
  const builder = new ChainBuilder()
  const total = spendBlocks * spendsPerBlock
  const fanOuts = Math.ceil(total / COINS_PER_TRANSACTION)
  for (let i = 0; i < MATURITY + fanOuts; i++) builder.mine()
  const coins: OwnCoin[] = []
  for (let i = 0; i < fanOuts; i++) {
    const count = Math.min(COINS_PER_TRANSACTION, total - coins.length)
    const made = Array.from({ length: count }, (_, k) => {
      const kind = kinds[k % kinds.length]!
      const key = keyNamed(`onehop bench coin ${coins.length + k}`)
      return { key, kind, script: scriptFor(key, kind) }
    })
    const transaction = builder.fanOut(
      i + 1,
      made.map(({ script }) => script),
    )
    made.forEach(({ key, kind }, index) => {
      coins.push({
        outPoint: { txid: transaction.txid, index },
        output: transaction.outputs[index]!,
        key,
        kind,
      })
    })
    builder.mine([transaction])
  }
  for (let i = 0; i < spendBlocks; i++) {
    progress(`  signing block ${i + 1} of ${spendBlocks}`)
    builder.mineSpends(coins.slice(i * spendsPerBlock, (i + 1) * spendsPerBlock))
  }
  return builder
}

function store(folder: string, shape: ChainShape, { blocks, signatures }: ChainBuilder): void {
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  const offsets = [0]
  for (const block of blocks) offsets.push(offsets.at(-1)! + block.length)
  writeFileSync(join(unfinished, 'blocks.dat'), concatBytes(...blocks))
  writeFileSync(join(unfinished, 'signatures.dat'), concatBytes(...signatures))
  const chain = { shape, offsets, setupBlocks: blocks.length - shape.spendBlocks }
  writeFileSync(join(unfinished, 'chain.json'), JSON.stringify(chain))
  rmSync(folder, { recursive: true, force: true })
  renameSync(unfinished, folder)
}

/** The chain of this shape: built when it was not built before, which takes minutes, and kept. */
export function benchChain(shape: ChainShape, progress: (text: string) => void): BenchChain {
  const name = `${shape.kinds.join('-')}-${shape.spendBlocks}x${shape.spendsPerBlock}-v${FORMAT}`
  const folder = join(CACHE, name)
  if (!existsSync(join(folder, 'chain.json'))) {
    progress(`building the chain ${name} (once; it is kept in node_modules/.cache)`)
    store(folder, shape, buildChain(shape, progress))
  }
  return openBenchChain(folder)
}

/** The chain in its folder. */
export function openBenchChain(folder: string): BenchChain {
  const stored = JSON.parse(readFileSync(join(folder, 'chain.json'), 'utf8')) as Omit<BenchChain, 'folder'>
  return { folder, ...stored }
}

/** The bytes of the blocks `from` up to `to` (exclusive), counted from the first one after genesis; no others are read. */
export function readBlocks(
  { folder, offsets }: BenchChain,
  from: number,
  to = offsets.length - 1,
): Uint8Array[] {
  const file = openSync(join(folder, 'blocks.dat'), 'r')
  try {
    return Array.from({ length: to - from }, (_, i) => {
      const start = offsets[from + i]!
      const bytes = new Uint8Array(offsets[from + i + 1]! - start)
      readSync(file, bytes, 0, bytes.length, start)
      return bytes
    })
  } finally {
    closeSync(file)
  }
}

/** All signatures of the spends, as 64 bytes of signature, 32 of hash, and the key. */
export function readSignatures({ folder, shape }: BenchChain) {
  const bytes = new Uint8Array(readFileSync(join(folder, 'signatures.dat')))
  const keyLength = shape.kinds.includes('p2tr') ? 32 : 33
  const length = 96 + keyLength
  return Array.from({ length: bytes.length / length }, (_, i) => ({
    signature: bytes.slice(i * length, i * length + 64),
    hash: bytes.slice(i * length + 64, i * length + 96),
    publicKey: bytes.slice(i * length + 96, (i + 1) * length),
  }))
}
