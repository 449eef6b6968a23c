import assert from 'node:assert/strict'
import { bytesKey } from '@onehop/primitives'
import { until } from '../../network/test/support/nodes.ts'
import {
  accept,
  blockOf,
  type ChainPeer,
  fillMempool,
  makeSpends,
  startPeer,
  stopPeers,
} from './support/chain-peers.ts'

const TRANSACTIONS = 2_000
/** What a block may cost on the wire beside its short ids: its coinbase, gossip of the header, frames, statuses. */
const ALLOWED_OVERHEAD_BYTES = 6_000

describe('a block among synchronised nodes', () => {
  let miner: ChainPeer
  let other: ChainPeer

  beforeEach(async () => {
    miner = await startPeer()
    other = await startPeer(miner)
  })

  afterEach(stopPeers)

  async function untilSame(): Promise<void> {
    await until(
      'they stand at one tip',
      () => bytesKey(other.chain.tip.hash) === bytesKey(miner.chain.tip.hash),
    )
  }

  it('whose 2,000 transactions are known costs 6 bytes for each, and a few kilobytes', async () => {
    const spends = await makeSpends(miner.chain, TRANSACTIONS)
    await untilSame()
    await fillMempool(miner.chain, spends)
    await fillMempool(other.chain, spends)
    const before = other.network.traffic().receivedBytes
    await accept(miner.chain, blockOf(miner.chain, spends))
    await untilSame()
    const cost = other.network.traffic().receivedBytes - before
    assert.ok(cost < 6 * TRANSACTIONS + ALLOWED_OVERHEAD_BYTES, `${cost} bytes`)
    assert.equal(miner.served.get('getBlockTransactions'), undefined)
  })

  it('has only its unknown transactions fetched, all at once', async () => {
    const spends = await makeSpends(miner.chain, 50)
    await untilSame()
    await fillMempool(
      other.chain,
      spends.filter((_, i) => i % 5 !== 0),
    )
    const whole = miner.served.get('getBlock')
    await accept(miner.chain, blockOf(miner.chain, spends))
    await untilSame()
    assert.equal(miner.served.get('getBlockTransactions'), 1)
    assert.equal(miner.served.get('getBlock'), whole)
  })
})
