import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import {
  type Block,
  type CompactBlock,
  createCompactBlock,
  parseBlockTransactionsRequest,
  serializeBlock,
  serializeBlockTransactions,
  serializeCompactBlock,
  serializeHeader,
  type Transaction,
} from '@onehop/ledger'
import { bytesKey, concatBytes } from '@onehop/primitives'
import type { SyncMessage } from '../../network/src/sync-messages.ts'
import { until } from '../../network/test/support/nodes.ts'
import {
  type HandSession,
  speakSync,
  startStranger,
  stopStrangers,
} from '../../network/test/support/strangers.ts'
import {
  accept,
  blockOf,
  type ChainPeer,
  fillMempool,
  makeSpends,
  startPeer,
  stopPeers,
} from './support/chain-peers.ts'

const SYNC_PROTOCOL = '/onehop/0f9188f1/sync/1'

/** What a stranger answers; undefined: nothing at all. */
interface Answers {
  readonly compact?: (block: Block) => Uint8Array
  readonly transactions?: (block: Block, indexes: readonly number[]) => Uint8Array
  readonly whole?: (block: Block) => Uint8Array
}

describe('a hostile peer with compact blocks', () => {
  let victim: ChainPeer
  let spends: Transaction[]
  let block: Block

  beforeEach(async () => {
    victim = await startPeer()
    spends = await makeSpends(victim.chain, 6)
    await fillMempool(victim.chain, spends.slice(0, 3))
    block = blockOf(victim.chain, spends)
  })

  afterEach(async () => {
    await stopStrangers()
    await stopPeers()
  })

  /** A peer that has the block. */
  async function meet(answers: Answers): Promise<{ session: HandSession; peerId: string }> {
    const stranger = await startStranger()
    const address = multiaddr(victim.network.addresses()[0]!)
    const session: HandSession = speakSync(await stranger.dialProtocol(address, SYNC_PROTOCOL), message =>
      reply(session, message, answers),
    )
    session.send(status())
    return { session, peerId: stranger.peerId.toString() }
  }

  function status(id = 0): SyncMessage {
    const { height, chainWork } = victim.chain.tip
    const { genesis } = victim.chain.headerTree
    const claim = { version: 2, genesisHash: genesis.hash, minFeeRate: 0n }
    return {
      type: 'status',
      id,
      status: { ...claim, height: height + 1, bestHash: block.hash, chainWork: chainWork + 2n },
    }
  }

  function reply(session: HandSession, message: SyncMessage, answers: Answers): void {
    const { id } = message
    if (message.type === 'getStatus') session.send(status(id))
    if (message.type === 'getHeaders')
      session.send({ type: 'headers', id, headers: [serializeHeader(block.header)] })
    if (message.type === 'getCompactBlock' && answers.compact)
      session.send({ type: 'compactBlock', id, bytes: answers.compact(block) })
    if (message.type === 'getBlockTransactions' && answers.transactions) {
      const { indexes } = parseBlockTransactionsRequest(message.bytes)
      session.send({ type: 'blockTransactions', id, bytes: answers.transactions(block, indexes) })
    }
    if (message.type === 'getBlocks' && answers.whole)
      session.send({ type: 'block', id, bytes: answers.whole(block) })
  }

  async function untilConnected(): Promise<void> {
    await until('the block is connected', () => bytesKey(victim.chain.tip.hash) === bytesKey(block.hash))
  }

  function count(session: HandSession, type: SyncMessage['type']): number {
    return session.received.filter(message => message.type === type).length
  }

  const honest = {
    compact: (one: Block) => serializeCompactBlock(createCompactBlock(one, 1n)),
    transactions: (one: Block, indexes: readonly number[]) => transactionsOf(one, indexes),
    whole: (one: Block) => serializeBlock(one),
  }

  const withShortIds = (change: (compact: CompactBlock) => readonly number[]) => (one: Block) => {
    const compact = createCompactBlock(one, 1n)
    return serializeCompactBlock({ ...compact, shortIds: change(compact) })
  }

  function transactionsOf({ hash, transactions }: Block, indexes: readonly number[]): Uint8Array {
    return serializeBlockTransactions({
      block: hash,
      transactions: indexes.map(index => transactions[index]!),
    })
  }

  it('is not one that is honest: it is asked for what is missing, and for nothing else', async () => {
    const { session } = await meet(honest)
    await untilConnected()
    assert.deepEqual([count(session, 'getBlockTransactions'), count(session, 'getBlocks')], [1, 0])
  })

  const unusable: readonly (readonly [string, Answers])[] = [
    [
      'short ids of other transactions',
      { ...honest, compact: withShortIds(({ shortIds }) => shortIds.toReversed()) },
    ],
    [
      'one short id for two transactions',
      { ...honest, compact: withShortIds(({ shortIds }) => shortIds.map(() => 7)) },
    ],
    [
      'other transactions than were asked for',
      {
        ...honest,
        transactions: (one, indexes) =>
          transactionsOf(
            one,
            indexes.map(() => 1),
          ),
      },
    ],
    ['a whole block instead', { whole: honest.whole }],
  ]
  for (const [what, answers] of unusable) {
    it(`that gives ${what} does the header no harm: the block comes whole`, async () => {
      const { session } = await meet(answers)
      if (answers.compact === undefined) {
        await until('it is asked', () => count(session, 'getCompactBlock') === 1)
        const [asked] = session.received.filter(message => message.type === 'getCompactBlock')
        session.send({ type: 'block', id: asked!.id, bytes: serializeBlock(block) })
      }
      await untilConnected()
      assert.equal(count(session, 'getCompactBlock'), 1)
      assert.deepEqual(victim.bans, [])
      assert.equal(victim.network.peers()[0]?.score, 0)
    })
  }

  const lies: readonly (readonly [string, Answers])[] = [
    [
      'a count that no block can have',
      { ...honest, compact: one => tail(one, Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f)) },
    ],
    [
      'an index beyond 16 bits',
      { ...honest, compact: one => tail(one, Uint8Array.of(0, 1, 0xfe, 0, 0, 1, 0)) },
    ],
    ['no transactions', { ...honest, compact: one => tail(one, Uint8Array.of(0, 0)) }],
    [
      'fewer transactions than were asked for',
      { ...honest, transactions: (one, indexes) => transactionsOf(one, indexes.slice(1)) },
    ],
    ['transactions of another block', { ...honest, transactions: () => new Uint8Array(33) }],
    [
      'bytes that are no transactions',
      { ...honest, transactions: one => concatBytes(one.hash, Uint8Array.of(3, 1, 2)) },
    ],
    ['another block', { ...honest, compact: () => new Uint8Array(200) }],
  ]
  for (const [what, answers] of lies) {
    it(`that gives ${what} is banned, and the block comes from others`, async () => {
      const { peerId } = await meet(answers)
      await until('it is banned', () => victim.bans.includes(peerId))
      const other = await meet(honest)
      await untilConnected()
      assert.ok(!victim.bans.includes(other.peerId))
    })
  }

  for (const [what, answers] of [
    ['never sends the compact block', { whole: honest.whole }],
    ['never sends the transactions', { compact: honest.compact, whole: honest.whole }],
  ] as const) {
    it(`that ${what} loses the block to others`, async () => {
      const { session } = await meet(answers)
      const type = 'compact' in answers ? 'getBlockTransactions' : 'getCompactBlock'
      await until('it is asked', () => count(session, type) === 1)
      await meet(honest)
      await untilConnected()
      assert.deepEqual(victim.bans, [])
    })
  }

  it('that asks for transactions that no block has is banned', async () => {
    await accept(victim.chain, block)
    const { session, peerId } = await meet({})
    session.send({
      type: 'getBlockTransactions',
      id: 1,
      bytes: concatBytes(block.hash, Uint8Array.of(1, 0xfc)),
    })
    await until('it is banned', () => victim.bans.includes(peerId))
  })

  it('that asks for compact blocks without end is told to wait, then banned', async () => {
    await accept(victim.chain, block)
    const { session, peerId } = await meet({})
    for (let id = 1; session.isOpen && id < 20_000; id++) {
      session.send({ type: 'getCompactBlock', id, hash: block.hash })
      if (id % 200 === 0) await new Promise(setImmediate)
    }
    await until('it is banned', () => victim.bans.includes(peerId))
    assert.ok((victim.served.get('getCompactBlock') ?? 0) < 1_000)
  })

  /** A compact block with something else behind header and nonce. */
  function tail({ header }: Block, rest: Uint8Array): Uint8Array {
    return concatBytes(serializeHeader(header), new Uint8Array(8), rest)
  }
})
