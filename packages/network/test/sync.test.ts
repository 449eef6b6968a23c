import assert from 'node:assert/strict'
import { startNode, stopNodes, until } from './support/nodes.ts'
import { ToyChain, toyTransaction } from './support/toy-chain.ts'

describe('chain synchronisation', () => {
  afterEach(stopNodes)

  it('brings a late joiner to the tip, blocks in order', async () => {
    const first = await startNode()
    await first.chain.mine(300)
    const late = await startNode({ bootstrap: first.network.addresses() })
    await until('the late joiner is at the tip', () => late.chain.height === 300)
    assert.equal(late.chain.tipHash, first.chain.tipHash)
    assert.equal(new Set(late.chain.accepted).size, 300)
    await until('syncing is over', () => !late.network.syncState().syncing)
    assert.equal(late.network.syncState().bestHeight, 300)
  })

  it('carries a new block over three hops in a line', async () => {
    const nodes = [await startNode({ targetConnections: 0 })]
    for (let i = 1; i < 4; i++)
      nodes.push(await startNode({ bootstrap: nodes[i - 1]!.network.addresses(), targetConnections: 0 }))
    const last = nodes[3]!
    await until('everybody has its neighbours', () =>
      nodes.every(
        (node, i) =>
          node.network.peers().filter(peer => peer.latencyMs !== undefined || peer.height !== undefined)
            .length >= (i === 0 || i === 3 ? 1 : 2),
      ),
    )
    await nodes[0]!.chain.mine(1)
    await until('the last node has the block', () => last.chain.height === 1)
    assert.equal(last.chain.tipHash, nodes[0]!.chain.tipHash)
  })

  it('carries transactions with their bodies', async () => {
    const first = await startNode()
    const second = await startNode({ bootstrap: first.network.addresses() })
    await until('they are connected', () => second.network.peers().length === 1)
    const { wtxid, bytes } = toyTransaction('a payment')
    await first.chain.acceptTransaction(bytes)
    await until('the transaction arrived', () => second.chain.hasTransaction(wtxid))
  })

  it('gives a late joiner the mempool', async () => {
    const first = await startNode()
    const { wtxid, bytes } = toyTransaction('an old payment')
    await first.chain.acceptTransaction(bytes)
    const late = await startNode({ bootstrap: first.network.addresses(), chain: new ToyChain() })
    await until('the transaction arrived', () => late.chain.hasTransaction(wtxid))
  })
})
