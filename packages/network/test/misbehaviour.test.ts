import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_SYNC_FRAME_BYTES } from '../src/index.ts'
import { libp2pOf, startNode, stopNodes, syncProtocol, until } from './support/nodes.ts'
import { dialSync, speakSync, startStranger, statusOf, stopStrangers } from './support/strangers.ts'
import { ToyChain, toyHeader, toyTransaction } from './support/toy-chain.ts'

describe('misbehaving peers', () => {
  afterEach(async () => {
    await stopStrangers()
    await stopNodes()
  })

  it('are banned for an invalid header, and honest relays are not', async () => {
    const victim = await startNode()
    const honest = await startNode({ bootstrap: victim.network.addresses() })
    const liar = await startStranger()
    await liar.dial(multiaddr(victim.network.addresses()[0]!))
    const topic = syncProtocol(victim).replace('sync', 'headers')
    await until('the liar sees a subscriber', () => liar.services.pubsub.getSubscribers(topic).length > 0)
    const bad = toyHeader(victim.chain.genesis.hash, new Uint8Array(1), 7, 0xff)
    await liar.services.pubsub.publish(topic, bad)
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
    await until('the liar is gone', () =>
      victim.network.peers().every(peer => peer.peerId !== liar.peerId.toString()),
    )
    const again = await liar.dial(multiaddr(victim.network.addresses()[0]!)).catch(() => undefined)
    await until('it is cut off again', () => again === undefined || again.status !== 'open')
    await honest.chain.mine(1)
    await until('the honest peer is still heard', () => victim.chain.height === 1)
    assert.deepEqual(honest.bans, [])
    assert.equal(victim.network.peers()[0]?.score, 0)
  })

  it('are banned for a header that a peer relays to us only by sync', async () => {
    const victim = await startNode()
    const liar = await startStranger()
    const session = await dialSync(liar, victim, message => {
      if (message.type !== 'getHeaders') return
      const header = toyHeader(victim.chain.genesis.hash, new Uint8Array(1), 9, 0xff)
      session.send({ type: 'headers', id: message.id, headers: [header] })
    })
    session.send(statusOf(victim, { chainWork: 1000n, height: 999, bestHash: new Uint8Array(32).fill(5) }))
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
  })

  it('are banned for a body that does not belong to its header, and the block comes from others', async () => {
    const liar = await startNode()
    await liar.chain.mine(1)
    const block = (await liar.chain.getBlock(liar.chain.tip().hash))!
    const forged = block.slice()
    forged[forged.length - 1]! ^= 1
    liar.chain.corrupt(liar.chain.tip().hash, forged)
    const victim = await startNode({ bootstrap: liar.network.addresses() })
    await until('the liar is banned', () => victim.bans.includes(liar.network.peerId))
    const honest = await startNode()
    await honest.chain.acceptBlock(block)
    await victim.network.connect(honest.network.addresses()[0]!)
    await until('the block came', () => victim.chain.height === 1)
  })

  it('are penalised for an invalid transaction; a refused one costs nothing', async () => {
    const victim = await startNode()
    const relay = await startNode({ bootstrap: victim.network.addresses() })
    await until('they are connected', () => victim.network.peers()[0]?.height === 0)
    const odd = toyTransaction('odd but honest')
    relay.chain.plant(odd.bytes)
    relay.network.announceTransactions([odd.wtxid])
    const good = toyTransaction('good')
    await relay.chain.acceptTransaction(good.bytes)
    await until('the good one arrived', () => victim.chain.hasTransaction(good.wtxid))
    assert.equal(victim.network.peers()[0]?.score, 0)
    const bad = toyTransaction('bad script')
    relay.chain.plant(bad.bytes)
    relay.network.announceTransactions([bad.wtxid])
    await until(
      'the sender has points',
      () => (victim.network.peers()[0]?.score ?? 0) > 0 || victim.bans.length > 0,
    )
  })

  for (const [what, frame] of [
    ['bytes that are no message', Uint8Array.of(0xff, 0xff, 0xff)],
    ['an empty frame', new Uint8Array(0)],
    ['a frame above the limit', new Uint8Array(MAX_SYNC_FRAME_BYTES + 1)],
  ] as const) {
    it(`are banned for ${what}`, async () => {
      const victim = await startNode()
      const liar = await startStranger()
      const session = await dialSync(liar, victim)
      session.send(statusOf(victim))
      session.sendBytes(frame)
      await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
    })
  }

  it('are banned for an answer that was not asked for', async () => {
    const victim = await startNode()
    const liar = await startStranger()
    const session = await dialSync(liar, victim, message => {
      if (message.type === 'getMempool') session.send({ type: 'headers', id: message.id, headers: [] })
    })
    session.send(statusOf(victim))
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
  })

  it('are banned for a block that nobody asked for', async () => {
    const victim = await startNode()
    const liar = await startStranger()
    const session = await dialSync(liar, victim)
    session.send(statusOf(victim))
    const bytes = (await victim.chain.getBlock(victim.chain.genesis.hash))!
    session.send({ type: 'block', id: 1_000_000, bytes })
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
  })

  it('are banned for more answers than they were asked for', async () => {
    const victim = await startNode()
    const liar = await startStranger()
    const session = await dialSync(liar, victim, message => {
      if (message.type !== 'getMempool') return
      for (let i = 0; i < 2; i++) session.send({ type: 'mempool', id: message.id, hashes: [] })
    })
    session.send(statusOf(victim))
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
  })

  it('are banned for statuses without end', async () => {
    const victim = await startNode()
    const liar = await startStranger()
    const session = await dialSync(liar, victim)
    for (let i = 0; i < 2; i++) session.send(statusOf(victim))
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
  })

  it('are banned when they speak before their status', async () => {
    const victim = await startNode()
    const liar = await startStranger()
    const session = await dialSync(liar, victim)
    session.send({ type: 'getMempool', id: 1 })
    await until('the liar is banned', () => victim.bans.includes(liar.peerId.toString()))
  })

  it('lose their requests to others when they stall', async () => {
    const honest = await startNode()
    await honest.chain.mine(40)
    const late = await startNode()
    const staller = await startStranger()
    const { hash, height } = honest.chain.tip()
    const session = await dialSync(staller, late, message => {
      if (message.type === 'getHeaders')
        session.send({
          type: 'headers',
          id: message.id,
          headers: honest.chain.headersAfter(message.hashes, message.limit),
        })
      else if (message.type === 'getStatus')
        session.send({ ...statusOf(honest, { chainWork: 1000n }), id: message.id } as never)
    })
    session.send(statusOf(honest, { chainWork: 1000n, height, bestHash: hash }))
    await until('the staller is asked for blocks', () =>
      session.received.some(message => message.type === 'getBlocks'),
    )
    await late.network.connect(honest.network.addresses()[0]!)
    await until('the blocks came all the same', () => late.chain.height === 40)
    assert.deepEqual(late.bans, [])
  })

  it('answers busy instead of queueing without end', async () => {
    const victim = await startNode()
    await victim.chain.mine(1)
    const greedy = await startStranger()
    const session = await dialSync(greedy, victim)
    session.send(statusOf(victim))
    for (let id = 1; id <= 1_000; id++)
      session.send({ type: 'getHeaders', id, hashes: [victim.chain.genesis.hash], limit: 2_000 })
    await until('it was told to wait', () => session.received.some(message => message.type === 'busy'))
    assert.deepEqual(victim.bans, [])
  })

  it('of another chain are not kept, and the log says why', async () => {
    const ours = await startNode()
    const theirs = await startNode({ chain: new ToyChain('another'), bootstrap: ours.network.addresses() })
    await until('it was noticed', () =>
      [...ours.logs, ...theirs.logs].some(line => line.includes('another chain')),
    )
    await until('they parted', () => ours.network.peers().length === 0)
    assert.deepEqual([...ours.bans, ...theirs.bans], [])
  })

  it('of another chain are found out by their status, too', async () => {
    const ours = await startNode()
    const stranger = await startStranger()
    await stranger.handle(syncProtocol(ours), stream => {
      speakSync(stream).send(statusOf(ours, { genesisHash: new Uint8Array(32).fill(1) }))
    })
    await ours.network.connect(stranger.getMultiaddrs()[0]!.toString())
    await until('it was noticed', () => ours.logs.some(line => line.includes('another chain')))
    await until('they parted', () => libp2pOf(ours).getConnections().length === 0)
  })
})
