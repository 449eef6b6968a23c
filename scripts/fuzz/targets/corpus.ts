/** A small regtest chain, the same in every run: where the valid data come from that the targets mutate. */
import { Chain, MemoryStorage, type Storage } from '@onehop/chain'
import {
  type Block,
  type BlockUndo,
  OP,
  p2shScript,
  p2wshScript,
  REGTEST,
  scriptOf,
  serializeBlock,
  type Transaction,
  type TxOutput,
} from '@onehop/ledger'
import { hash160, sha256 } from '@onehop/primitives'
import { GENESIS_LINK, type Link, linkOf, makeBlock } from '../../regtest/blocks.ts'
import { keyNamed, type OwnCoin, type SpendKind, scriptFor, signedSpend } from '../../regtest/spends.ts'

/** Unix time of the fuzzed chains: some days after their blocks. */
export const NOW_SECONDS = REGTEST.genesis.header.time + 1_000_000

const MATURITY = 100
export const FEE = 2_000n
const KINDS: readonly SpendKind[] = ['p2pkh', 'p2wpkh', 'p2tr']
const COINS_PER_KIND = 6
export const FUZZ_KEY = keyNamed('onehop fuzz')

/** Of {@link SCRIPTS}, the first. */
export const STANDARD_SCRIPTS = 6
/** Of a corpus' coins, the last. */
export const IMMATURE_COINS = 3

/** Scripts that a wallet may pay to, and some that it should not. */
export const SCRIPTS: readonly Uint8Array[] = [
  ...KINDS.map(kind => scriptFor(FUZZ_KEY, kind)),
  p2wshScript(sha256(Uint8Array.of(0x51))),
  p2shScript(hash160(Uint8Array.of(0x51))),
  scriptOf(OP.RETURN, Uint8Array.of(4, 1, 2, 3, 4)),
  Uint8Array.of(0x51),
  new Uint8Array(0),
]

/** What all targets may use. */
export interface Corpus {
  /** From height 1 on. */
  readonly blocks: readonly Block[]
  readonly tip: Link
  /** Unspent at the tip: mature ones of each kind, then coinbases that are not mature yet. */
  readonly coins: readonly OwnCoin[]
  /** A block with spends of each kind, and what it spent. */
  readonly rich: { readonly block: Block; readonly undo: BlockUndo }
  /** Spends of the block, each kind once. */
  readonly spends: readonly Transaction[]
}

/** Grows a chain block by block. */
class Grower {
  readonly blocks: Block[] = []
  tip: Link = GENESIS_LINK

  mine(transactions: readonly Transaction[] = []): Block {
    const block = makeBlock(this.tip, { transactions, script: scriptFor(FUZZ_KEY, 'p2wpkh') })
    this.tip = linkOf(block, this.tip.height + 1)
    this.blocks.push(block)
    return block
  }

  coinbase(height: number): OwnCoin {
    const transaction = this.blocks[height - 1]!.transactions[0]!
    return {
      outPoint: { txid: transaction.txid, index: 0 },
      output: transaction.outputs[0]!,
      key: FUZZ_KEY,
      kind: 'p2wpkh',
    }
  }
}

/** The outputs that are ours, as coins. */
function coinsOf(transaction: Transaction, kinds: readonly SpendKind[]): OwnCoin[] {
  return kinds.map((kind, index) => ({
    outPoint: { txid: transaction.txid, index },
    output: transaction.outputs[index]!,
    key: FUZZ_KEY,
    kind,
  }))
}

function spendOne(coin: OwnCoin, kind: SpendKind): Transaction {
  const output: TxOutput = { value: coin.output.value - FEE, scriptPubKey: scriptFor(FUZZ_KEY, kind) }
  return signedSpend([coin], [output]).transaction
}

/** Gives the chain the blocks, which are good. */
export async function acceptCorpus(chain: Chain, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    const verdict = await chain.acceptBlock(serializeBlock(block))
    if (!verdict.ok) throw new Error(`the corpus has a bad block: ${verdict.code}`)
  }
}

/** A chain of the storage, at the corpus' time. */
export function openChain(storage: Storage): Promise<Chain> {
  return Chain.open({ parameters: REGTEST, storage, nowSeconds: () => NOW_SECONDS, threads: 1 })
}

export async function makeCorpus(): Promise<Corpus> {
  const grower = new Grower()
  for (let i = 0; i < MATURITY + 4; i++) grower.mine()
  const kinds = KINDS.flatMap(kind => Array.from({ length: COINS_PER_KIND }, () => kind))
  const source = grower.coinbase(1)
  const value = source.output.value / BigInt(kinds.length) - FEE
  const outputs = kinds.map(kind => ({ value, scriptPubKey: scriptFor(FUZZ_KEY, kind) }))
  const fanOut = signedSpend([source], outputs).transaction
  grower.mine([fanOut])
  const [extra, ...rest] = coinsOf(fanOut, kinds)
  const spent = KINDS.map(kind => rest.find(coin => coin.kind === kind)!)
  const spends = spent.map((coin, i) => spendOne(coin, KINDS[(i + 1) % KINDS.length]!))
  const many = signedSpend(
    [extra!, grower.coinbase(2)],
    SCRIPTS.map(scriptPubKey => ({ value: 1_000_000n, scriptPubKey })),
  )
  const rich = grower.mine([...spends, many.transaction])
  grower.mine()
  const chain = await openChain(await MemoryStorage.open())
  await acceptCorpus(chain, grower.blocks)
  const undo = await chain.getUndo(rich.hash)
  await chain.close()
  if (undo === undefined) throw new Error('a connected block has undo data')
  const mature = rest.filter(coin => !spent.includes(coin))
  // The first of them lacks one block.
  const first = grower.tip.height + 2 - MATURITY
  const immature = Array.from({ length: IMMATURE_COINS }, (_, i) => grower.coinbase(first + i))
  const coins = [...mature, grower.coinbase(3), ...immature]
  return {
    blocks: grower.blocks,
    tip: grower.tip,
    coins,
    rich: { block: rich, undo },
    spends: [...spends, many.transaction],
  }
}
