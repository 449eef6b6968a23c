import assert from 'node:assert/strict'
import { type Sats, serializeTransaction, Transaction } from '@onehop/ledger'
import { assertDefined } from '@onehop/primitives'
import { spend } from '../../chain/test/support/regtest.ts'
import { until } from '../../network/test/support/nodes.ts'
import { type ChainPeer, fillMempool, makeSpends, startPeer, stopPeers } from './support/chain-peers.ts'

/** The same spend that pays its miner so much. */
function paying(
  { version, inputs, outputs, lockTime }: Transaction,
  value: bigint,
  fee: bigint,
): Transaction {
  const [output] = outputs
  const { scriptPubKey } = assertDefined(output, 'it pays somebody')
  return new Transaction({
    version,
    inputs,
    outputs: [{ value: (value - fee) as Sats, scriptPubKey }],
    lockTime,
  })
}

describe('transactions among synchronised nodes', () => {
  let first: ChainPeer
  let second: ChainPeer
  let coin: Transaction
  let value: bigint

  beforeEach(async () => {
    first = await startPeer(undefined, { announcesTransactions: true })
    const [spending] = await makeSpends(first.chain, 2)
    coin = assertDefined(spending, 'a coin was made')
    const spent = first.chain.getCoin(coin.inputs[0]!.previousOutput)
    value = assertDefined(spent, 'it is unspent').output.value
    second = await startPeer(first, { announcesTransactions: true })
    await until('they are at one tip', () => second.chain.tip.height === first.chain.tip.height)
  })

  afterEach(stopPeers)

  const has = ({ txid }: Transaction) => second.chain.mempool.has(txid)

  function childOf(parent: Transaction, fee: bigint): Transaction {
    return spend({ txid: parent.txid, index: 0 }, parent.outputs[0]!.value, fee)
  }

  it('go with the child that pays for them, which is an orphan first', async () => {
    const parent = paying(coin, value, 0n)
    const child = childOf(parent, 10_000n)
    const outcome = await first.chain.transactions.acceptPackage(
      [parent, child].map(one => serializeTransaction(one)),
    )
    assert.deepEqual(outcome.verdict, { ok: true })
    await until('both came', () => has(parent) && has(child))
    assert.deepEqual([...first.bans, ...second.bans], [])
  })

  it('that wait for a parent come in when it does, and are told to others', async () => {
    const third = await startPeer(second, { announcesTransactions: true })
    await until('all are at one tip', () => third.chain.tip.height === first.chain.tip.height)
    const parent = paying(coin, value, 1_000n)
    const child = childOf(parent, 1_000n)
    await second.chain.acceptTransaction(serializeTransaction(child), first.network.peerId)
    assert.equal(second.chain.transactions.orphans().length, 1)
    await fillMempool(first.chain, [parent])
    await until('both came', () => has(parent) && has(child))
    await until('they went on', () => third.chain.mempool.has(child.txid))
    assert.equal(second.chain.transactions.orphans().length, 0)
  })

  it('that pay more replace those that they conflict with everywhere, and equal ones nowhere', async () => {
    const [cheap, dear] = [paying(coin, value, 1_000n), paying(coin, value, 5_000n)]
    const { version, inputs, outputs } = cheap
    const rival = new Transaction({ version, inputs, outputs, lockTime: 1 })
    await fillMempool(first.chain, [cheap])
    await until('it came', () => has(cheap))
    const refused = await second.chain.acceptTransaction(serializeTransaction(rival))
    assert.equal(refused.ok || refused.code, 'insufficient fee')
    await fillMempool(first.chain, [dear])
    await until('the dearer one came', () => has(dear))
    assert.equal(has(cheap), false)
    assert.deepEqual([...first.bans, ...second.bans], [])
  })

  it('that wait at the expense of a peer are forgotten with it', async () => {
    const child = childOf(paying(coin, value, 1_000n), 1_000n)
    await second.chain.acceptTransaction(serializeTransaction(child), first.network.peerId)
    await first.network.disconnect(second.network.peerId)
    await until('it is forgotten', () => second.chain.transactions.orphans().length === 0)
  })
})
