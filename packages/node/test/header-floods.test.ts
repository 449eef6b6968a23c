import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_ANNOUNCED_HEADERS_PER_SOURCE, MAX_HEADERS_AHEAD, MAX_HEADERS_PER_CALL } from '@onehop/chain'
import { type BlockHeader, REGTEST, serializeBlock, serializeHeader } from '@onehop/ledger'
import { bytesKey } from '@onehop/primitives'
import { headersOn } from '../../chain/test/support/headers.ts'
import { GENESIS, makeBranch, tipOf } from '../../chain/test/support/regtest.ts'
import type { SyncMessage } from '../../network/src/sync-messages.ts'
import { until } from '../../network/test/support/nodes.ts'
import {
  type HandSession,
  speakSync,
  startStranger,
  stopStrangers,
} from '../../network/test/support/strangers.ts'
import { type ChainPeer, mineEmpty, startPeer, stopPeers } from './support/chain-peers.ts'

const CHAIN = '/onehop/0f9188f1'
const HEIGHT = 300

describe('a peer that floods a node with headers', () => {
  let victim: ChainPeer

  beforeEach(async () => {
    victim = await startPeer()
    for (const block of makeBranch(GENESIS, HEIGHT)) await victim.chain.acceptBlock(serializeBlock(block))
  })

  afterEach(async () => {
    await stopStrangers()
    await stopPeers()
  })

  /** A peer that claims more work than anybody, and serves these headers and no block. */
  async function meet(headers: readonly BlockHeader[]): Promise<{ session: HandSession; peerId: string }> {
    const stranger = await startStranger()
    const address = multiaddr(victim.network.addresses()[0]!)
    const places = new Map(headers.map(({ hash }, i) => [bytesKey(hash), i + 1]))
    const stream = await stranger.dialProtocol(address, `${CHAIN}/sync/1`)
    const status = (id: number): SyncMessage => {
      const claim = { version: 2, genesisHash: REGTEST.genesis.hash, minFeeRate: 0n }
      const tip = { height: 1_000_000, bestHash: headers.at(-1)!.hash, chainWork: 1n << 40n }
      return { type: 'status', id, status: { ...claim, ...tip } }
    }
    const session = speakSync(stream, message => {
      const { id, type } = message
      if (type === 'getStatus') session.send(status(id))
      if (type !== 'getHeaders') return
      const known = message.hashes.map(hash => places.get(bytesKey(hash))).find(place => place !== undefined)
      const answer = headers.slice(known ?? 0).slice(0, message.limit)
      session.send({ type: 'headers', id, headers: answer.map(serializeHeader) })
    })
    session.send(status(0))
    return { session, peerId: stranger.peerId.toString() }
  }

  const size = () => victim.chain.headerTree.size
  const questions = ({ received }: HandSession) => received.filter(({ type }) => type === 'getHeaders').length
  const scoreOf = (id: string) => victim.network.peers().find(({ peerId }) => peerId === id)?.score ?? 0

  async function assertFollows(): Promise<void> {
    const honest = await startPeer(victim)
    await until('the honest node is at the tip', () => honest.chain.tip.height === victim.chain.tip.height)
    await mineEmpty(honest.chain, 2)
    await until('the block came', () => bytesKey(victim.chain.tip.hash) === bytesKey(honest.chain.tip.hash))
    assert.deepEqual(victim.bans, [])
  }

  it('of a branch with little work has points, and none of them is kept', async () => {
    const { peerId } = await meet(headersOn(GENESIS, 100))
    await until('it has points', () => scoreOf(peerId) > 0)
    assert.equal(size(), 1 + HEIGHT)
    await assertFollows()
  })

  it('ahead of the tip is heard until it would have to show blocks', async () => {
    const endless = headersOn(tipOf(victim.chain), MAX_HEADERS_AHEAD + 5 * MAX_HEADERS_PER_CALL)
    const { session } = await meet(endless)
    const asked = 1 + MAX_HEADERS_AHEAD / MAX_HEADERS_PER_CALL
    await until('it was heard', () => questions(session) === asked)
    await assertFollows()
    assert.equal(questions(session), asked)
    assert.ok(size() < 10 + HEIGHT + asked * MAX_HEADERS_PER_CALL)
  })

  it('by gossip is not heard after a thousand without blocks', async () => {
    const stranger = await startStranger()
    await stranger.dial(multiaddr(victim.network.addresses()[0]!))
    const topic = `${CHAIN}/headers/1`
    await until('it sees a subscriber', () => stranger.services.pubsub.getSubscribers(topic).length > 0)
    const headers = headersOn(tipOf(victim.chain), MAX_ANNOUNCED_HEADERS_PER_SOURCE + 200)
    for (const header of headers) await stranger.services.pubsub.publish(topic, serializeHeader(header))
    await until('they were heard', () => size() === 1 + HEIGHT + MAX_ANNOUNCED_HEADERS_PER_SOURCE)
    await assertFollows()
    assert.ok(size() <= 10 + HEIGHT + MAX_ANNOUNCED_HEADERS_PER_SOURCE)
  })
})
