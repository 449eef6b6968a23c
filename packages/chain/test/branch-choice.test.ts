import assert from 'node:assert/strict'
import { type Block, type HeaderNode, serializeBlock } from '@onehop/ledger'
import fc from 'fast-check'
import { BlockFilterIndex, Chain, TransactionIndex } from '../src/index.ts'
import { CrashingStorage } from './support/crashing-storage.ts'
import {
  acceptAll,
  activeBlocks,
  GENESIS,
  type Link,
  linkOf,
  makeBlock,
  openOptions,
  utxosOf,
} from './support/regtest.ts'

const BLOCKS = 12
const blockNumber = fc.nat({ max: BLOCKS - 1 })
/** What somebody does: hand in a block, say something of one, restart. */
const orders = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('block' as const), block: blockNumber }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('invalidate' as const, 'reconsider' as const),
        block: blockNumber,
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  ),
  { maxLength: 40 },
)

/** A tree of blocks: each builds on the first one of the network, or on one before it. */
function treeOf(parents: readonly number[]): {
  readonly blocks: Block[]
  readonly parentOf: (number | undefined)[]
} {
  const links: Link[] = []
  const parentOf = parents.map((parent, i) =>
    i === 0 || parent % (i + 1) === i ? undefined : parent % (i + 1),
  )
  const blocks = parentOf.map((parent, i) => {
    const link = parent === undefined ? GENESIS : (links[parent] ?? assert.fail())
    const block = makeBlock(link, { extraNonce: i })
    links.push(linkOf(block, link.height + 1))
    return block
  })
  return { blocks, parentOf }
}

/** The naive view: which blocks are here, and which somebody called invalid. */
class Model {
  private readonly parentOf: readonly (number | undefined)[]
  private readonly here = new Set<number>()
  private readonly invalid = new Set<number>()

  constructor(parentOf: readonly (number | undefined)[]) {
    this.parentOf = parentOf
  }

  /** The block, its parent and so on. */
  private line(block: number): number[] {
    const line: number[] = []
    for (let at: number | undefined = block; at !== undefined; at = this.parentOf[at]) line.push(at)
    return line
  }

  /** The header must be known before its children's: bodies come after their parents. */
  canTake(block: number): boolean {
    return (
      this.line(block)
        .slice(1)
        .every(each => this.here.has(each) && !this.invalid.has(each)) && !this.invalid.has(block)
    )
  }

  take(block: number): void {
    this.here.add(block)
  }

  has(block: number): boolean {
    return this.here.has(block)
  }

  /** Marks all that are known: those that come later are refused. */
  invalidate(block: number): void {
    for (const each of this.here) if (this.line(each).includes(block)) this.invalid.add(each)
  }

  reconsider(block: number): void {
    for (const each of this.here)
      if (this.line(each).includes(block) || this.line(block).includes(each)) this.invalid.delete(each)
  }

  /** Blocks of the longest chain of valid ones: all have the same work. */
  bestHeight(): number {
    const lengths = [...this.here]
      .map(block => this.line(block))
      .filter(line => line.every(each => !this.invalid.has(each)))
    return Math.max(0, ...lengths.map(({ length }) => length))
  }
}

async function assertWhole(chain: Chain): Promise<void> {
  const replay = await Chain.open({ ...openOptions, threads: 1 })
  await acceptAll(replay, await activeBlocks(chain))
  assert.deepEqual(await utxosOf(chain), await utxosOf(replay))
  await replay.close()
  await chain.indexes.idle()
  for (const block of await activeBlocks(chain)) {
    const [coinbase] = block.transactions
    assert((await chain.findTransaction(coinbase?.txid ?? assert.fail())) !== undefined)
  }
  for (const { synced, height } of chain.indexes.progress())
    assert.deepEqual([synced, height], [true, chain.tip.height])
}

describe('the choice of a branch', () => {
  it('is a longest one of valid blocks, whatever comes in which order and is said of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: BLOCKS, maxLength: BLOCKS }),
        orders,
        async (parents, story) => {
          const { blocks, parentOf } = treeOf(parents)
          const model = new Model(parentOf)
          let storage = new CrashingStorage()
          const open = () =>
            Chain.open({
              ...openOptions,
              storage,
              threads: 1,
              indexes: [new TransactionIndex(), new BlockFilterIndex()],
            })
          let chain = await open()
          const nodeOf = (number: number): HeaderNode =>
            chain.headerTree.get(blocks[number]?.hash ?? assert.fail()) ?? assert.fail()
          for (const order of story) {
            if (order.kind === 'reopen') {
              await chain.close()
              storage = storage.next()
              chain = await open()
            } else if (order.kind === 'block') {
              if (!model.canTake(order.block)) continue
              assert((await chain.acceptBlock(serializeBlock(blocks[order.block] ?? assert.fail()))).ok)
              model.take(order.block)
            } else if (model.has(order.block)) {
              const node = nodeOf(order.block)
              if (order.kind === 'invalidate') await chain.invalidateBlock(node)
              else await chain.reconsiderBlock(node)
              model[order.kind](order.block)
            }
            assert.equal(chain.tip.height, model.bestHeight())
            assert.equal(chain.headerTree.best.height, model.bestHeight())
          }
          await assertWhole(chain)
          await chain.close()
        },
      ),
      { numRuns: 40 },
    )
  })
})
