import {
  ancestorAt,
  type Block,
  blockHashToHex,
  type HeaderNode,
  SEQUENCE_FINAL,
  Transaction,
} from '@onehop/ledger'
import { assertDefined, randomBelow, type SeededRandom } from '@onehop/primitives'
import type { Chain } from '../../src/index.ts'
import { linkOf, makeBlock } from '../support/regtest.ts'

/** Anybody may spend it, without a signature: the time is to go into the store. */
const ANYONE_SCRIPT = Uint8Array.of(0x51)
const MATURITY = 100
const MAX_OUTPUTS = 6

/** Makes blocks on any branch. Each spends some coins of its parent's payment and a coinbase that has just matured. */
export class BranchingMiner {
  private readonly chain: Chain
  private readonly random: SeededRandom
  private readonly made = new Map<string, Block>()

  constructor(chain: Chain, random: SeededRandom) {
    this.chain = chain
    this.random = random
  }

  /** So many blocks in a row, on top of this one. */
  async branchOn(root: HeaderNode, length: number): Promise<Block[]> {
    const branch: Block[] = []
    for (let i = 0; i < length; i++) {
      const parent = branch.at(-1) ?? (await this.blockOf(root))
      branch.push(await this.next(parent, root, root.height + i))
    }
    return branch
  }

  private async next(parent: Block, root: HeaderNode, parentHeight: number): Promise<Block> {
    const payment = this.pay(parent, await this.maturing(root, parentHeight + 1 - MATURITY))
    const block = makeBlock(linkOf(parent, parentHeight), {
      transactions: payment === undefined ? [] : [payment],
      extraNonce: this.below(0x1_0000),
      coinbaseScript: ANYONE_SCRIPT,
    })
    this.made.set(blockHashToHex(block.hash), block)
    return block
  }

  /** A coinbase of an ancestor, which is older than any branch is long. */
  private async maturing(root: HeaderNode, height: number): Promise<Transaction | undefined> {
    return height < 1 ? undefined : (await this.blockOf(ancestorAt(root, height))).transactions[0]
  }

  private pay({ transactions: [, last] }: Block, coinbase: Transaction | undefined): Transaction | undefined {
    const spent = Array.from(last?.outputs ?? [], (output, index) => ({ of: last, output, index }))
      .filter(() => this.below(4) > 0)
      .concat(coinbase?.outputs.slice(0, 1).map(output => ({ of: coinbase, output, index: 0 })) ?? [])
    if (spent.length === 0) return undefined
    const total = spent.reduce((sum, { output }) => sum + output.value, 0n)
    const outputs = 1 + this.below(MAX_OUTPUTS)
    return new Transaction({
      version: 2,
      inputs: spent.map(({ of, index }) => ({
        previousOutput: { txid: assertDefined(of, 'an output has a transaction').txid, index },
        scriptSig: new Uint8Array(0),
        sequence: SEQUENCE_FINAL,
        witness: [],
      })),
      outputs: Array.from({ length: outputs }, () => ({
        value: total / BigInt(outputs),
        scriptPubKey: ANYONE_SCRIPT,
      })),
      lockTime: 0,
    })
  }

  private async blockOf({ hash }: HeaderNode): Promise<Block> {
    const made = this.made.get(blockHashToHex(hash)) ?? (await this.chain.getBlock(hash))
    return assertDefined(made, 'every block of the chain is stored')
  }

  private below(bound: number): number {
    return randomBelow(this.random.next, bound)
  }
}
