import assert from 'node:assert/strict'
import { bytesToHex, concatBytes } from '@onehop/primitives'
import { REFUSED_BYTES_BURST } from '../src/index.ts'
import { startNode, stopNodes, syncProtocol, type TestNode, until } from './support/nodes.ts'
import { dialSync, type HandSession, startStranger, statusOf, stopStrangers } from './support/strangers.ts'
import { toyTransaction } from './support/toy-chain.ts'

interface Toy {
  readonly wtxid: Uint8Array
  readonly bytes: Uint8Array
}

/** What a stranger does when it is asked for a transaction. */
type Habit = 'gives' | 'lacks' | 'keeps silent'

/** A peer that announces transactions. */
interface Announcer {
  readonly session: HandSession
  readonly peerId: string
  announce(...transactions: readonly Toy[]): Promise<void>
  /** Hashes that it was asked for by such messages. */
  asked(type?: 'getTransactions' | 'getParents'): string[]
}

describe('transactions', () => {
  let node: TestNode

  beforeEach(async () => {
    node = await startNode()
  })

  afterEach(async () => {
    await stopStrangers()
    await stopNodes()
  })

  async function meet(transactions: readonly Toy[], habit: Habit = 'gives'): Promise<Announcer> {
    const stranger = await startStranger()
    const byHash = new Map(transactions.map(({ wtxid, bytes }) => [bytesToHex(wtxid), bytes]))
    const session = await dialSync(stranger, node, message => {
      if (message.type !== 'getTransactions' && message.type !== 'getParents') return
      if (habit === 'keeps silent') return
      for (const hash of message.hashes) {
        const bytes = habit === 'lacks' ? undefined : byHash.get(bytesToHex(hash))
        session.send(
          bytes === undefined
            ? { type: 'notFound', id: message.id, hash }
            : { type: 'transaction', id: message.id, bytes },
        )
      }
    })
    session.send(statusOf(node))
    const topic = syncProtocol(node).replace('sync', 'transactions')
    await until('it sees a subscriber', () => stranger.services.pubsub.getSubscribers(topic).length > 0)
    return {
      session,
      peerId: stranger.peerId.toString(),
      announce: async (...announced) => {
        await stranger.services.pubsub.publish(topic, concatBytes(...announced.map(({ wtxid }) => wtxid)))
      },
      asked: (type = 'getTransactions') =>
        session.received.flatMap(message =>
          message.type === type ? message.hashes.map(hash => bytesToHex(hash)) : [],
        ),
    }
  }

  const childOf = (parent: Toy, text = '') => toyTransaction(`child of ${bytesToHex(parent.wtxid)} ${text}`)
  const idOf = ({ wtxid }: Toy) => bytesToHex(wtxid)

  it('that several peers announce are asked of one, and of the next only when that has not got them', async () => {
    const payment = toyTransaction('a payment')
    const silent = await meet([payment], 'keeps silent')
    const other = await meet([payment])
    await silent.announce(payment)
    await until('the first is asked', () => silent.asked().length === 1)
    const extra = toyTransaction('something else')
    await other.announce(extra, payment)
    await until('the second is heard', () => other.asked().includes(idOf(extra)))
    assert.ok(!other.asked().includes(idOf(payment)))
    await silent.session.stream.abort(new Error('gone'))
    await until('the second is asked', () => node.chain.hasTransaction(payment.wtxid))
    assert.deepEqual(other.asked().filter(hash => hash === idOf(payment)).length, 1)
  })

  it('that the announcer has not got are asked of others', async () => {
    const payment = toyTransaction('a payment')
    const other = await meet([payment])
    const first = await meet([payment], 'lacks')
    await first.announce(payment)
    await until('it came', () => node.chain.hasTransaction(payment.wtxid))
    assert.equal(other.asked().length, 1)
  })

  it('that were refused are not asked for again', async () => {
    const odd = toyTransaction('odd')
    const last = toyTransaction('a payment')
    const first = await meet([odd, last])
    const second = await meet([odd, last])
    await first.announce(odd)
    await until('it is asked for', () => first.asked().length === 1)
    await second.announce(odd, last)
    await until('the other came', () => node.chain.hasTransaction(last.wtxid))
    assert.deepEqual([...first.asked(), ...second.asked()].filter(hash => hash === idOf(odd)).length, 1)
    assert.deepEqual(node.bans, [])
  })

  it('whose parent is unknown have it fetched from their sender, by its id', async () => {
    const parent = toyTransaction('a parent')
    const child = childOf(parent)
    const peer = await meet([parent, child])
    const other = await meet([])
    await peer.announce(child)
    await until('the parent came', () => node.chain.hasTransaction(parent.wtxid))
    assert.deepEqual(peer.asked('getParents'), [idOf(parent)])
    assert.deepEqual(other.asked('getParents'), [])
  })

  it('that wait for one parent have it fetched once', async () => {
    const parent = toyTransaction('a parent')
    const children = Array.from({ length: 20 }, (_, i) => childOf(parent, String(i)))
    const peer = await meet([parent, ...children])
    await peer.announce(...children)
    await until('the parent came', () => node.chain.hasTransaction(parent.wtxid))
    await until('all were looked at', () =>
      children.every(({ wtxid }) => node.chain.hasSeenTransaction(wtxid)),
    )
    assert.deepEqual(peer.asked('getParents'), [idOf(parent)])
  })

  it('whose parent is another than was asked for get their sender banned', async () => {
    const child = childOf(toyTransaction('a parent'))
    const peer = await meet([child])
    await peer.announce(child)
    await until('it is asked', () => peer.asked('getParents').length === 1)
    const asked = peer.session.received.find(({ type }) => type === 'getParents')
    peer.session.send({ type: 'transaction', id: asked!.id, bytes: toyTransaction('another').bytes })
    await until('it is banned', () => node.bans.includes(peer.peerId))
  })

  it('without parents and without end are left out for a while, and their sender is not banned', async () => {
    const bodyBytes = 60_000
    const enough = Math.ceil(REFUSED_BYTES_BURST / bodyBytes) + 1
    const orphans = Array.from({ length: 2 * enough }, (_, i) =>
      childOf(toyTransaction(`${i}`), 'x'.repeat(bodyBytes)),
    )
    const peer = await meet(orphans)
    await peer.announce(...orphans.slice(0, enough))
    await until('they are too many', () =>
      orphans.slice(0, enough).every(({ wtxid }) => node.chain.hasSeenTransaction(wtxid)),
    )
    await peer.announce(...orphans.slice(enough))
    const honest = toyTransaction('a payment')
    const other = await meet([honest])
    await other.announce(honest)
    await until('others are served', () => node.chain.hasTransaction(honest.wtxid))
    assert.equal(peer.asked().length, enough)
    assert.deepEqual(node.bans, [])
  })
})
