import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { OP, parseBlock, pushNumber, scriptOf, serializeBlock, serializeTransaction } from '@onehop/ledger'
import fc from 'fast-check'
import { Chain, MemoryStorage } from '../src/index.ts'
import {
  BLOCK_KINDS,
  BlockFactory,
  type BlockKind,
  CoinsOfMade,
  GENESIS_MADE,
  type MadeBlock,
  picks,
  spendAnyone,
  spendables,
} from './model/block-factory.ts'
import { NaiveChain } from './model/naive-chain.ts'
import { hexOf, keyOf, type ModelCoin, spentKey } from './model/naive-rules.ts'
import { NOW_SECONDS, openOptions, solve } from './support/regtest.ts'

/** Blocks before the random ones: enough for some coins to be mature. */
const TRUNK_BLOCKS = 112
/** Random trees; more of them with the environment variable. */
const RUNS = Number(process.env.ONEHOP_MODEL_RUNS ?? 25)

/** One random thing that happens. Numbers choose among what there is then. */
type Step =
  | { readonly do: 'make'; readonly kind: BlockKind; readonly depth: number; readonly seed: number }
  | {
      readonly do: 'deliver' | 'deliver again' | 'deliver header' | 'deliver broken bytes'
      readonly seed: number
    }
  | { readonly do: 'pay'; readonly seed: number; readonly conflict: boolean }
  | { readonly do: 'mine' | 'restart' }
  | { readonly do: 'invalidate' | 'reconsider'; readonly seed: number }

const seed = fc.nat({ max: 1_000_000 })
/** Forks are mostly near the tip. */
const depth = fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 3 }), fc.nat({ max: 8 }))
const kind = fc.oneof(
  { weight: 3, arbitrary: fc.constant<BlockKind>('good') },
  { weight: 1, arbitrary: fc.constantFrom(...BLOCK_KINDS) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('make' as const), kind, depth, seed }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('deliver' as const), seed }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deliver again' as const), seed }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver header' as const), seed }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deliver broken bytes' as const), seed }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pay' as const), seed, conflict: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'mine' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'restart' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidate' as const), seed }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconsider' as const), seed }) },
)

/** Hash over all coins in order, so that it says everything about the set. */
function setHash(coins: Iterable<readonly [string, string]>): string {
  const lines = Array.from(coins, ([key, text]) => `${key} ${text}`).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

const textOf = ({ value, script, height, coinbase }: ModelCoin) => `${value} ${script} ${height} ${coinbase}`

async function setHashOf(chain: Chain): Promise<string> {
  const coins: [string, string][] = []
  for await (const [{ txid, index }, { output, height, coinbase }] of chain.coins()) {
    const coin = { value: output.value, script: hexOf(output.scriptPubKey), height, coinbase }
    coins.push([keyOf(txid, index), textOf(coin)])
  }
  return setHash(coins)
}

function setHashOfModel(coins: ReadonlyMap<string, ModelCoin>): string {
  return setHash(Array.from(coins, ([key, coin]) => [key, textOf(coin)] as const))
}

/** Blocks of coinbases only, the same for every run. */
interface Trunk {
  readonly trunk: readonly MadeBlock[]
  readonly coins: CoinsOfMade
}

function makeTrunk(): Trunk {
  const factory = new BlockFactory(NOW_SECONDS)
  const trunk = [GENESIS_MADE]
  for (let i = 0; i < TRUNK_BLOCKS; i++) trunk.push(factory.make(trunk.at(-1)!, new Map(), 'good', 1))
  return { trunk, coins: new CoinsOfMade() }
}

/** The real chain and the model, side by side. */
class Race {
  private readonly storage: MemoryStorage
  private readonly model = new NaiveChain()
  private readonly factory = new BlockFactory(NOW_SECONDS)
  private readonly coins: CoinsOfMade
  private readonly made: MadeBlock[]
  private readonly undelivered: MadeBlock[] = []
  private chain: Chain
  private mined = 0

  private constructor(storage: MemoryStorage, chain: Chain, { trunk, coins }: Trunk) {
    this.coins = coins
    this.storage = storage
    this.chain = chain
    this.made = [...trunk]
  }

  static async start(trunk: Trunk): Promise<Race> {
    const storage = await MemoryStorage.open()
    const race = new Race(storage, await Chain.open({ ...openOptions, storage }), trunk)
    for (const made of trunk.trunk.slice(1)) await race.deliver(made)
    return race
  }

  async run(next: Step): Promise<void> {
    switch (next.do) {
      case 'make':
        return this.make(next)
      case 'deliver':
        if (this.undelivered.length > 0)
          await this.deliver(this.undelivered.splice(next.seed % this.undelivered.length, 1)[0]!)
        return
      case 'deliver again':
        return this.deliver(this.made[next.seed % this.made.length]!)
      case 'deliver header':
        return this.deliverHeader(this.made.at(-1 - (next.seed % Math.min(10, this.made.length)))!)
      case 'deliver broken bytes':
        return this.deliverBroken(this.made.at(-1)!, next.seed)
      case 'pay':
        return this.pay(next.seed, next.conflict)
      case 'mine':
        return this.mine()
      case 'restart':
        return this.restart()
      case 'invalidate':
        return this.invalidate(next.seed)
      case 'reconsider':
        return this.reconsider(next.seed)
    }
  }

  /** What must hold after each step. */
  async assertEqual(): Promise<void> {
    assert.equal(hexOf(this.chain.tip.hash), this.model.tip.hash, 'the tips differ')
    assert.equal(await setHashOf(this.chain), setHashOfModel(this.model.coins), 'the coins differ')
    this.assertMempool()
  }

  async close(): Promise<void> {
    await this.chain.close()
  }

  private make({ kind, depth, seed }: Extract<Step, { do: 'make' }>): void {
    const parents = this.made.filter(({ height }) => height >= TRUNK_BLOCKS - 4)
    const parent = parents.at(-1 - Math.min(depth, parents.length - 1))!
    const made = this.factory.make(parent, this.coins.after(parent), kind, seed)
    for (const one of made.original ? [made, made.original] : [made]) {
      this.made.push(one)
      this.undelivered.push(one)
    }
  }

  private async deliver({ block, kind }: MadeBlock): Promise<void> {
    const verdict = await this.chain.acceptBlock(serializeBlock(block))
    const expected = this.model.acceptBlock(block, NOW_SECONDS)
    const said = verdict.ok ? 'ok' : verdict.code
    assert.equal(verdict.ok, expected, `a block that ${kind}: the chain said ${said}`)
  }

  private deliverHeader({ block, kind }: MadeBlock): void {
    const verdict = this.chain.acceptHeaders([block.header])
    assert.equal(verdict.ok, this.model.acceptHeader(block, NOW_SECONDS), `header of a block that ${kind}`)
  }

  /** Bytes that are no block, or another: the model is not asked, and nothing must change. */
  private async deliverBroken({ block }: MadeBlock, seed: number): Promise<void> {
    const bytes = serializeBlock(block)
    const broken = seed % 2 === 0 ? bytes.slice(0, seed % bytes.length) : Uint8Array.of(...bytes, 0)
    assert.equal((await this.chain.acceptBlock(broken)).ok, false, 'broken bytes')
  }

  private async pay(seed: number, conflict: boolean): Promise<void> {
    const height = this.model.tip.height + 1
    const spent = new Set(
      [...this.chain.mempool.entries()].flatMap(({ transaction }) => transaction.inputs.map(spentKey)),
    )
    const coins = spendables(this.model.coins).filter(
      ({ txid, index, coin }) =>
        coin.value > 10_000n &&
        conflict === spent.has(keyOf(txid, index)) &&
        (!coin.coinbase || height - coin.height >= 100),
    )
    const [from] = picks(coins, seed, 1)
    if (from === undefined) return
    const transaction = spendAnyone([from], { lockTime: seed % 100 })
    const verdict = await this.chain.acceptTransaction(serializeTransaction(transaction))
    // Whether a conflict pays enough is policy, which the model does not know.
    if (!conflict) assert(verdict.ok, `a good payment was refused: ${verdict.ok || verdict.code}`)
  }

  /** A block of the chain's own making must be good for the model. */
  private async mine(): Promise<void> {
    this.mined += 1
    const block = solve(this.chain.createTemplate(scriptOf(pushNumber(this.mined), OP.DROP, OP[1])))
    const parent = this.made.find(one => hexOf(one.block.hash) === hexOf(block.header.previousBlock))
    assert(parent !== undefined, 'the tip is a block that the test made')
    const made: MadeBlock = {
      block: parseBlock(serializeBlock(block)),
      height: parent.height + 1,
      parent,
      kind: 'good',
    }
    this.made.push(made)
    await this.deliver(made)
    assert.equal(this.model.tip.hash, hexOf(block.hash), 'a template was refused by the model')
  }

  private async restart(): Promise<void> {
    await this.chain.close()
    this.chain = await Chain.open({ ...openOptions, storage: this.storage })
    this.model.restart()
  }

  private known(seed: number): MadeBlock | undefined {
    const known = this.made.filter(
      ({ block, height }) => height > TRUNK_BLOCKS - 4 && this.chain.headerTree.get(block.hash) !== undefined,
    )
    return known[seed % Math.max(1, known.length)]
  }

  private async invalidate(seed: number): Promise<void> {
    const node = this.chain.headerTree.get(this.known(seed)?.block.hash ?? GENESIS_MADE.block.hash)
    if (node === undefined || node.height === 0) return
    await this.chain.invalidateBlock(node)
    this.model.invalidate(hexOf(node.hash))
  }

  private async reconsider(seed: number): Promise<void> {
    const node = this.chain.headerTree.get(this.known(seed)?.block.hash ?? GENESIS_MADE.block.hash)
    if (node === undefined || node.height === 0) return
    await this.chain.reconsiderBlock(node)
    this.model.reconsider(hexOf(node.hash))
  }

  /** What waits can all go into the next block: its coins are there or made by others here, and nobody else spends them. */
  private assertMempool(): void {
    const height = this.model.tip.height + 1
    const waiting = [...this.chain.mempool.entries()].map(({ transaction }) => transaction)
    const coins = new Map(this.model.coins)
    for (const transaction of waiting) {
      transaction.outputs.forEach(({ value, scriptPubKey }, index) => {
        const key = keyOf(transaction.txid, index)
        assert(!coins.has(key), 'the mempool has a transaction twice, or one that a block has')
        coins.set(key, { value, script: hexOf(scriptPubKey), height, coinbase: false })
      })
    }
    for (const key of waiting.flatMap(({ inputs }) => inputs.map(spentKey))) {
      const coin = coins.get(key)
      assert(coin !== undefined, 'the mempool spends a coin that is not there, or twice')
      assert(!coin.coinbase || height - coin.height >= 100, 'the mempool spends an immature coinbase')
      coins.delete(key)
    }
  }
}

describe('the chain and a naive model of it', function () {
  this.timeout(600_000)
  const trunk = makeTrunk()

  async function race(steps: readonly Step[]): Promise<void> {
    const both = await Race.start(trunk)
    try {
      for (const next of steps) {
        await both.run(next)
        await both.assertEqual()
      }
    } finally {
      await both.close()
    }
  }

  it('agree on every verdict, the tip, all coins and what may wait, over random block trees', async () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' })
    await fc.assert(fc.asyncProperty(steps, race), { numRuns: RUNS })
  })

  for (const each of BLOCK_KINDS) {
    it(`agree on a block that ${each === 'good' ? 'is good' : each}`, async () => {
      await race([
        { do: 'make', kind: 'good', depth: 0, seed: 5 },
        { do: 'deliver', seed: 0 },
        { do: 'make', kind: each, depth: 0, seed: 7 },
        { do: 'deliver header', seed: 0 },
        { do: 'deliver', seed: 0 },
        { do: 'deliver', seed: 0 },
        { do: 'restart' },
        { do: 'make', kind: 'good', depth: 0, seed: 9 },
        { do: 'deliver', seed: 0 },
      ])
    })
  }
})
