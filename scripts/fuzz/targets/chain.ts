import { type Chain, MemoryStorage } from '@onehop/chain'
import {
  type Block,
  parseBlock,
  parseTransaction,
  REGTEST,
  serializeBlock,
  serializeTransaction,
  type Transaction,
} from '@onehop/ledger'
import { ByteReader, ByteWriter } from '@onehop/primitives'
import { NaiveChain } from '../../../packages/chain/test/model/naive-chain.ts'
import {
  areTransactionsCommitted,
  areWitnessesCommitted,
  coinsAfter,
  hexOf,
  isBodyGood,
  isHeaderGood,
  type ModelCoin,
  type ModelParent,
  medianOf,
} from '../../../packages/chain/test/model/naive-rules.ts'
import { makeBlock } from '../../regtest/blocks.ts'
import { scriptFor } from '../../regtest/spends.ts'
import { attempt, CHAIN_LIMIT, Finding, requireVerdict, type Target } from '../target.ts'
import { acceptCorpus, type Corpus, FUZZ_KEY, NOW_SECONDS, openChain } from './corpus.ts'
import { checkUsualSpend } from './independent-scripts.ts'
import { randomBlock, randomSpends } from './make-spends.ts'

/** Cases after which the chain is made anew: refused headers are remembered. */
const CASES_PER_CHAIN = 1000

/** A chain that stands on the corpus' tip whenever a case begins. */
class ChainHolder {
  private readonly corpus: Corpus
  private storage: MemoryStorage | undefined
  private chain: Chain | undefined
  private cases = 0

  constructor(corpus: Corpus) {
    this.corpus = corpus
  }

  async take(): Promise<Chain> {
    if (++this.cases % CASES_PER_CHAIN === 0) await this.drop()
    this.chain ??= await this.make()
    return this.chain
  }

  /** The same blocks, and nothing in the mempool. */
  async reopen(): Promise<void> {
    await this.chain?.close()
    this.chain = this.storage && (await openChain(this.storage))
  }

  async drop(): Promise<void> {
    await this.chain?.close()
    this.chain = undefined
    this.storage = undefined
  }

  private async make(): Promise<Chain> {
    this.storage = await MemoryStorage.open()
    const chain = await openChain(this.storage)
    await acceptCorpus(chain, this.corpus.blocks)
    return chain
  }
}

/** What the naive model says of a block on the corpus' tip. */
class Model {
  private readonly parent: ModelParent
  private readonly coins: ReadonlyMap<string, ModelCoin>

  constructor({ blocks, tip }: Corpus) {
    const model = new NaiveChain(checkUsualSpend)
    for (const block of blocks)
      if (!model.acceptBlock(block, NOW_SECONDS)) throw new Error('the model refuses the corpus')
    this.coins = model.coins
    const times = [...blocks.map(({ header }) => header.time).reverse(), REGTEST.genesis.header.time]
    this.parent = {
      height: tip.height,
      times,
      medianTimeAt: height => medianOf(times.slice(tip.height - height)),
    }
  }

  accepts(block: Block): boolean {
    return (
      isHeaderGood(block, this.parent, NOW_SECONDS) &&
      areTransactionsCommitted(block) &&
      isBodyGood(block, this.parent) &&
      areWitnessesCommitted(block) &&
      this.allows(block)
    )
  }

  /** Whether the transactions, at least, are good. */
  allows(block: Block): boolean {
    return coinsAfter(block, this.coins, this.parent, checkUsualSpend) !== undefined
  }
}

function connectTarget(corpus: Corpus): Target {
  const holder = new ChainHolder(corpus)
  const model = new Model(corpus)
  const empty = makeBlock(corpus.tip, { script: scriptFor(FUZZ_KEY, 'p2wpkh') })
  return {
    name: 'connect-block',
    seeds: [serializeBlock(empty)],
    limit: CHAIN_LIMIT,
    turns: 6,
    generate: random => serializeBlock(randomBlock(random, corpus)),
    async run(input) {
      const chain = await holder.take()
      const before = chain.tip
      const verdict = await chain.acceptBlock(input)
      requireVerdict(verdict)
      const { tip } = chain
      if (tip === before) return
      await chain.invalidateBlock(tip)
      if (chain.tip !== before) throw new Finding('the tip does not come back')
      if (!verdict.ok) throw new Finding(`refused with ${verdict.code}, and the tip had moved`)
      if (!model.accepts(parseBlock(input)))
        throw new Finding('a block was connected that the naive model refuses')
    },
    close: () => holder.drop(),
  }
}

function serializeAll(transactions: readonly Transaction[]): Uint8Array {
  const writer = new ByteWriter().writeCompactSize(transactions.length)
  for (const one of transactions) writer.writeVarBytes(serializeTransaction(one))
  return writer.toBytes()
}

function parseAll(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes)
  return Array.from({ length: Math.min(20, reader.readCount(1)) }, () => reader.readVarBytes())
}

/** Empties the mempool. @throws {Finding} when no block could have had it. */
async function checkMinable(holder: ChainHolder, corpus: Corpus, model: Model): Promise<void> {
  const chain = await holder.take()
  if (chain.mempool.size === 0) return
  const transactions = Array.from(chain.mempool.entries(), ({ transaction }) => transaction)
  await holder.reopen()
  const block = makeBlock(corpus.tip, { transactions, script: new Uint8Array(1) })
  if (!model.allows(block)) throw new Finding('the mempool has what the naive model refuses in a block')
}

/** Transactions of two peers, children first, and the same as a package. */
function relayTarget(corpus: Corpus): Target {
  const holder = new ChainHolder(corpus)
  const model = new Model(corpus)
  return {
    name: 'orphans-and-packages',
    seeds: [serializeAll([])],
    limit: CHAIN_LIMIT,
    turns: 3,
    generate: random => serializeAll(randomSpends(random, corpus)),
    async run(input) {
      const list = attempt(() => parseAll(input)) ?? [input]
      const { transactions } = await holder.take()
      for (const [i, bytes] of list.toReversed().entries())
        requireVerdict(await transactions.accept(bytes, { from: i % 2 === 0 ? 'alice' : 'bob' }))
      requireVerdict((await transactions.acceptPackage(list, { from: 'alice' })).verdict)
      await transactions.retryOrphans()
      for (const peer of ['alice', 'bob']) transactions.forgetPeer(peer)
      if (transactions.orphans().length > 0) throw new Finding('an orphan outlives its peers')
      await checkMinable(holder, corpus, model)
    },
    close: () => holder.drop(),
  }
}

function mempoolTarget(corpus: Corpus): Target {
  const holder = new ChainHolder(corpus)
  const model = new Model(corpus)
  return {
    name: 'mempool',
    seeds: [serializeAll([])],
    limit: CHAIN_LIMIT,
    turns: 6,
    generate: random => serializeAll(randomSpends(random, corpus)),
    async run(input) {
      const list = attempt(() => parseAll(input)) ?? [input]
      const chain = await holder.take()
      for (const bytes of list) {
        const before = Array.from(chain.mempool.entries(), ({ transaction }) =>
          hexOf(transaction.txid),
        ).join()
        const parsed = attempt(() => parseTransaction(bytes))
        const tested = parsed && chain.testTransaction(parsed)
        const verdict = await chain.acceptTransaction(bytes)
        requireVerdict(verdict)
        if (parsed === undefined && verdict.ok) throw new Finding('bytes that cannot be read were accepted')
        if (tested && (tested.ok ? 'ok' : tested.code) !== (verdict.ok ? 'ok' : verdict.code))
          throw new Finding('testing a transaction says otherwise than accepting it')
        const after = Array.from(chain.mempool.entries(), ({ transaction }) => hexOf(transaction.txid)).join()
        if (!verdict.ok && before !== after) throw new Finding(`${verdict.code} changed the mempool`)
      }
      await checkMinable(holder, corpus, model)
    },
    close: () => holder.drop(),
  }
}

/** Blocks and transactions all the way into a chain. */
export function chainTargets(corpus: Corpus): Target[] {
  return [connectTarget(corpus), mempoolTarget(corpus), relayTarget(corpus)]
}
