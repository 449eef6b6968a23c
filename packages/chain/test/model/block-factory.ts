/** Makes blocks for the model's tests: good ones, and one for each way in which a block can be bad. */
import { createHash } from 'node:crypto'
import {
  Block,
  BlockHeader,
  NULL_OUTPOINT,
  pushBytes,
  pushNumber,
  REGTEST,
  SEQUENCE_FINAL,
  scriptOf,
  Transaction,
  type TransactionFields,
  type TxId,
  type TxOutput,
  transactionMerkleRoot,
  witnessCommitment,
  witnessCommitmentScript,
} from '@onehop/ledger'
import { hexToBytes } from '@onehop/primitives'
import { solve } from '../support/regtest.ts'
import { ANYONE_SCRIPT, coinsAfter, hexOf, type ModelCoin, medianOf } from './naive-rules.ts'

/** A block that the factory made, and where it stands. */
export interface MadeBlock {
  readonly block: Block
  readonly height: number
  readonly parent: MadeBlock | undefined
  readonly kind: BlockKind
  /** The right body of the same header, where this one was made of it. */
  readonly original?: MadeBlock
}

export const GENESIS_MADE: MadeBlock = { block: REGTEST.genesis, height: 0, parent: undefined, kind: 'good' }

const MATURITY = 100
const FEE = 2_000n
const WITNESS_NONCE = new Uint8Array(32)
const ANYONE = hexToBytes(ANYONE_SCRIPT)
const OP_TRUE = Uint8Array.of(0x51)

/** What is wrong with a block. */
export const BLOCK_KINDS = [
  'good',
  'spends a spent coin',
  'spends an unknown coin',
  'spends an immature coinbase',
  'creates money',
  'claims too much',
  'has another merkle root',
  'shows a wrong script',
  'repeats its last transactions',
  'lacks its witnesses',
  'repeats an input',
  'tells another height',
  'commits to no witness',
  'commits to other witnesses',
  'is as old as its ancestors',
  'has no proof of work',
  'comes from the future',
  'has a lock time to come',
  'spends a coin too early',
  'has two coinbases',
  'has no coinbase',
  'has a child before its parent',
  'overflows its outputs',
  'has an old version',
] as const
export type BlockKind = (typeof BLOCK_KINDS)[number]

/** A coin, and the name by which it is spent. */
interface Spendable {
  readonly txid: TxId
  readonly index: number
  readonly coin: ModelCoin
}

interface SpendOptions {
  readonly outputs?: readonly TxOutput[]
  readonly witness?: readonly Uint8Array[]
  readonly sequence?: number
  readonly lockTime?: number
}

/** Spends coins of {@link ANYONE_SCRIPT} to the same script, with a fee unless there are outputs. */
export function spendAnyone(from: readonly Spendable[], options: SpendOptions = {}): Transaction {
  const { witness = [OP_TRUE], sequence = SEQUENCE_FINAL, lockTime = 0 } = options
  const value = from.reduce((sum, { coin }) => sum + coin.value, 0n) - FEE
  const half = value / 2n
  return new Transaction({
    version: 2,
    inputs: from.map(({ txid, index }) => ({
      previousOutput: { txid, index },
      scriptSig: new Uint8Array(0),
      sequence,
      witness,
    })),
    outputs: options.outputs ?? [
      { value: half, scriptPubKey: ANYONE },
      { value: value - half, scriptPubKey: ANYONE },
    ],
    lockTime,
  })
}

/** The coins in the order of their names, so that a number chooses the same in every run. */
export function spendables(coins: ReadonlyMap<string, ModelCoin>): Spendable[] {
  return Array.from(coins, ([key, coin]) => {
    const [txid = '', index] = key.split(':')
    return { txid: hexToBytes(txid) as TxId, index: Number(index), coin }
  })
}

function isMature({ coin }: Spendable, height: number): boolean {
  return coin.value > 2n * FEE && (!coin.coinbase || height - coin.height >= MATURITY)
}

/** Picks by a number, and goes on from there. */
export function picks<T>(items: readonly T[], seed: number, count: number): T[] {
  const step = Math.max(1, Math.floor(items.length / count))
  const picked = Array.from({ length: count }, (_, i) => items[(seed + i * step) % items.length]!)
  return items.length === 0 ? [] : [...new Set(picked)]
}

function heir(transaction: Transaction, index: number, height: number): Spendable {
  const { value, scriptPubKey } = transaction.outputs[index]!
  const coin = { value, script: hexOf(scriptPubKey), height, coinbase: false }
  return { txid: transaction.txid, index, coin }
}

function altered(transaction: Transaction, fields: Partial<TransactionFields>): Transaction {
  const { version, inputs, outputs, lockTime } = transaction
  return new Transaction({ version, inputs, outputs, lockTime, ...fields })
}

function withoutWitness(transaction: Transaction): Transaction {
  return altered(transaction, { inputs: transaction.inputs.map(input => ({ ...input, witness: [] })) })
}

/** Everything about a block that can be chosen. */
interface Recipe {
  readonly transactions: readonly Transaction[]
  readonly fees: bigint
  /** What the coinbase says that its height is. */
  readonly height: number
  readonly time: number
  readonly version: number
  readonly commitment: 'right' | 'wrong' | 'none'
}

/** Chooses coins and makes blocks; the same numbers give the same blocks. */
export class BlockFactory {
  private made = 0
  private readonly nowSeconds: number

  constructor(nowSeconds: number) {
    this.nowSeconds = nowSeconds
  }

  /**
   * A block on the parent that is what its kind says, or a good one where the parent's coins do not allow that.
   * @param coins at the parent; none when the parent is invalid, which leaves little to spend.
   */
  make(parent: MadeBlock, coins: ReadonlyMap<string, ModelCoin>, kind: BlockKind, seed: number): MadeBlock {
    const made = { height: parent.height + 1, parent, kind }
    if (kind === 'repeats its last transactions' || kind === 'lacks its witnesses') {
      const original = this.make(parent, coins, 'good', seed)
      const { header, transactions } = original.block
      const changed =
        kind === 'lacks its witnesses'
          ? transactions.map(withoutWitness)
          : // Only a list of odd length has the same root as this one.
            [...transactions, transactions.at(-1)!]
      return { ...made, block: new Block(header, changed), original }
    }
    return { ...made, block: this.build(parent, coins, kind, seed) }
  }

  private build(
    parent: MadeBlock,
    coins: ReadonlyMap<string, ModelCoin>,
    kind: BlockKind,
    seed: number,
  ): Block {
    const height = parent.height + 1
    const all = spendables(coins)
    const usable = picks(
      all.filter(one => isMature(one, height)),
      seed,
      1 + (seed % 4),
    )
    const plain = this.plainRecipe(parent, usable)
    const [first] = usable
    const last = plain.transactions.at(-1)
    const withExtra = (extra: Transaction): Recipe => ({
      ...plain,
      transactions: [...plain.transactions, extra],
    })
    switch (kind) {
      case 'good':
        return this.assemble(parent, this.chained(plain, last, seed, height))
      case 'claims too much':
        return this.assemble(parent, { ...plain, fees: plain.fees + 1n })
      case 'tells another height':
        return this.assemble(parent, { ...plain, height: height + 1 })
      case 'is as old as its ancestors':
        return this.assemble(parent, { ...plain, time: medianOf(timesOf(parent)) })
      case 'comes from the future':
        return this.assemble(parent, { ...plain, time: this.nowSeconds + 2 * 60 * 60 + 1 })
      case 'has an old version':
        return this.assemble(parent, { ...plain, version: 3 })
      case 'has no proof of work':
        return solve(this.assemble(parent, plain), false)
      case 'has another merkle root':
        return this.withRoot(this.assemble(parent, plain), createHash('sha256').update('another').digest())
      case 'has no coinbase':
        return this.withTransactions(this.assemble(parent, plain), plain.transactions)
      case 'has two coinbases': {
        const { transactions } = this.assemble(parent, plain)
        return this.assemble(parent, withExtra(altered(transactions[0]!, { lockTime: 1 })))
      }
      case 'spends an immature coinbase': {
        const fresh = all.find(one => one.coin.coinbase && !isMature(one, height))
        return this.assemble(parent, fresh ? withExtra(spendAnyone([fresh])) : plain)
      }
      case 'spends an unknown coin': {
        const txid = createHash('sha256').update(String(seed)).digest() as Uint8Array as TxId
        const coin = { value: 100_000n, script: ANYONE_SCRIPT, height: 1, coinbase: false }
        return this.assemble(parent, withExtra(spendAnyone([{ txid, index: 0, coin }])))
      }
      default:
        if (first === undefined || last === undefined) return this.assemble(parent, plain)
        return this.buildOnSpend(parent, { plain, first, last, height }, kind)
    }
  }

  /** Kinds that need a coin to spend. */
  private buildOnSpend(
    parent: MadeBlock,
    { plain, first, last, height }: { plain: Recipe; first: Spendable; last: Transaction; height: number },
    kind: BlockKind,
  ): Block {
    const replaced = (...transactions: readonly Transaction[]): Recipe => ({
      ...plain,
      transactions: [...transactions, ...plain.transactions.slice(1)],
    })
    const { value } = first.coin
    switch (kind) {
      case 'spends a spent coin':
        return this.assemble(parent, {
          ...plain,
          transactions: [...plain.transactions, spendAnyone([first], { lockTime: 1 })],
        })
      case 'creates money':
        return this.assemble(parent, {
          ...replaced(spendAnyone([first], { outputs: [{ value: value + 1n, scriptPubKey: ANYONE }] })),
          fees: 0n,
        })
      case 'overflows its outputs':
        return this.assemble(
          parent,
          replaced(
            spendAnyone([first], {
              outputs: [
                { value: -1n, scriptPubKey: ANYONE },
                { value, scriptPubKey: ANYONE },
              ],
            }),
          ),
        )
      case 'shows a wrong script':
        return this.assemble(parent, replaced(spendAnyone([first], { witness: [Uint8Array.of(0x52)] })))
      case 'repeats an input':
        return this.assemble(parent, replaced(spendAnyone([first, first])))
      case 'has a lock time to come':
        return this.assemble(
          parent,
          replaced(spendAnyone([first], { lockTime: height, sequence: 0xffff_fffe })),
        )
      case 'spends a coin too early': {
        const sequence = height - first.coin.height + 1
        return this.assemble(parent, replaced(spendAnyone([first], { sequence: Math.min(sequence, 0xffff) })))
      }
      case 'has a child before its parent': {
        const child = spendAnyone([heir(last, 0, height)])
        return this.assemble(parent, { ...plain, transactions: [child, ...plain.transactions] })
      }
      case 'commits to no witness':
        return this.assemble(parent, { ...plain, commitment: 'none' })
      case 'commits to other witnesses':
        return this.assemble(parent, { ...plain, commitment: 'wrong' })
      default:
        throw new Error(`no block is made that ${kind}`)
    }
  }

  private plainRecipe(parent: MadeBlock, usable: readonly Spendable[]): Recipe {
    const transactions = usable.map(one => spendAnyone([one]))
    return {
      transactions,
      fees: FEE * BigInt(transactions.length),
      height: parent.height + 1,
      time: parent.block.header.time + 1,
      version: 0x2000_0000,
      commitment: 'right',
    }
  }

  /** Sometimes a child behind its parent, in the same block. */
  private chained(recipe: Recipe, last: Transaction | undefined, seed: number, height: number): Recipe {
    if (last === undefined || seed % 3 !== 0) return recipe
    return { ...recipe, transactions: [...recipe.transactions, spendAnyone([heir(last, 1, height)])] }
  }

  private assemble(parent: MadeBlock, recipe: Recipe): Block {
    const coinbase = this.coinbase(recipe)
    const { commitment, transactions } = recipe
    const script = witnessCommitmentScript(
      commitment === 'wrong'
        ? new Uint8Array(32).fill(1)
        : witnessCommitment([coinbase, ...transactions], WITNESS_NONCE),
    )
    const bare = coinbase.inputs.map(input => ({ ...input, witness: [] }))
    const first =
      commitment === 'none'
        ? altered(coinbase, { inputs: bare })
        : altered(coinbase, { outputs: [...coinbase.outputs, { value: 0n, scriptPubKey: script }] })
    const header = new BlockHeader({
      version: recipe.version,
      previousBlock: parent.block.hash,
      merkleRoot: new Uint8Array(32),
      time: recipe.time,
      bits: REGTEST.genesis.header.bits,
      nonce: 0,
    })
    return this.withTransactions(new Block(header, []), [first, ...transactions])
  }

  private coinbase({ height, fees }: Recipe): Transaction {
    this.made += 1
    const extraNonce = Uint8Array.of(this.made, this.made >> 8, 1)
    const subsidy = 5_000_000_000n >> BigInt(Math.floor(height / 150))
    return new Transaction({
      version: 2,
      inputs: [
        {
          previousOutput: NULL_OUTPOINT,
          scriptSig: scriptOf(pushNumber(height), pushBytes(extraNonce)),
          sequence: SEQUENCE_FINAL,
          witness: [WITNESS_NONCE],
        },
      ],
      outputs: [{ value: subsidy + fees, scriptPubKey: ANYONE }],
      lockTime: 0,
    })
  }

  private withTransactions(block: Block, transactions: readonly Transaction[]): Block {
    return this.withRoot(new Block(block.header, transactions), transactionMerkleRoot(transactions).root)
  }

  private withRoot({ header, transactions }: Block, merkleRoot: Uint8Array): Block {
    const { version, previousBlock, time, bits, nonce } = header
    return solve(
      new Block(new BlockHeader({ version, previousBlock, time, bits, nonce, merkleRoot }), transactions),
    )
  }
}

/** Times of the block and its ancestors, the latest first. */
function timesOf(block: MadeBlock, count = 11): number[] {
  const times: number[] = []
  for (let walk: MadeBlock | undefined = block; walk && times.length < count; walk = walk.parent)
    times.push(walk.block.header.time)
  return times
}

/** What the factory may spend on top of a block: its coins, or none when it or a block before it is not a good one. */
export class CoinsOfMade {
  private readonly known = new Map<MadeBlock, ReadonlyMap<string, ModelCoin>>()

  after(made: MadeBlock): ReadonlyMap<string, ModelCoin> {
    const known = this.known.get(made)
    if (known !== undefined) return known
    const coins = this.compute(made)
    this.known.set(made, coins)
    return coins
  }

  private compute({ parent, block, kind }: MadeBlock): ReadonlyMap<string, ModelCoin> {
    if (parent === undefined || kind !== 'good') return new Map()
    const before = {
      height: parent.height,
      times: timesOf(parent),
      medianTimeAt: () => medianOf(timesOf(parent)),
    }
    return coinsAfter(block, this.after(parent), before) ?? new Map()
  }
}
