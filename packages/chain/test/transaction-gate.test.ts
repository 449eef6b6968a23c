import assert from 'node:assert/strict'
import { type Block, serializeTransaction, type Transaction, txIdToHex } from '@onehop/ledger'
import { Chain } from '../src/index.ts'
import {
  acceptAll,
  GENESIS,
  makeBlock,
  makeBranch,
  openOptions,
  spend,
  spendCoinbase,
  tipOf,
} from './support/regtest.ts'

const MISSING = 'bad-txns-inputs-missingorspent'

/** Spends the only output of a transaction that may not be confirmed. */
function childOf({ txid, outputs: [output] }: Transaction, fee?: bigint): Transaction {
  return spend({ txid, index: 0 }, output!.value, fee)
}

describe('the way of transactions into a chain’s mempool', () => {
  let chain: Chain
  let blocks: Block[]

  beforeEach(async () => {
    chain = await Chain.open(openOptions)
    blocks = makeBranch(GENESIS, 103)
    await acceptAll(chain, blocks)
  })
  afterEach(() => chain.close())

  const send = async (transaction: Transaction, from?: string) => {
    const verdict = await chain.acceptTransaction(serializeTransaction(transaction), from)
    return verdict.ok ? 'OK' : verdict.code
  }

  /** Resolves when the mempool has taken the transaction. */
  const arrival = (transaction: Transaction) =>
    new Promise<void>(resolve => {
      const stop = chain.on('transaction', added => {
        if (txIdToHex(added.txid) !== txIdToHex(transaction.txid)) return
        stop()
        resolve()
      })
    })

  it('keeps what a peer sent before its parents, and takes it when they come', async () => {
    const parent = spendCoinbase(blocks[0]!)
    const child = childOf(parent)
    const grandchild = childOf(child)
    assert.equal(await send(grandchild, 'alice'), MISSING)
    assert.equal(await send(child, 'alice'), MISSING)
    const { transactions } = chain
    assert.equal(transactions.hasSeen(child.wtxid), true)
    assert.deepEqual(transactions.missingParents(child.wtxid).map(txIdToHex), [txIdToHex(parent.txid)])
    assert.deepEqual(transactions.orphans().length, 2)
    const arrived = arrival(grandchild)
    assert.equal(await send(parent), 'OK')
    await arrived
    assert.equal(chain.mempool.size, 3)
    assert.equal(transactions.orphans().length, 0)
  })

  it('takes it also when a block brings the parent', async () => {
    const parent = spendCoinbase(blocks[0]!)
    const child = childOf(parent)
    assert.equal(await send(child, 'alice'), MISSING)
    const arrived = arrival(child)
    await acceptAll(chain, [makeBlock(tipOf(chain), { transactions: [parent] })])
    await arrived
    assert.equal(chain.mempool.size, 1)
  })

  it('keeps nothing of users who send a child first', async () => {
    assert.equal(await send(childOf(spendCoinbase(blocks[0]!))), MISSING)
    assert.equal(chain.transactions.orphans().length, 0)
  })

  it('forgets a peer', async () => {
    const child = childOf(spendCoinbase(blocks[0]!))
    assert.equal(await send(child, 'alice'), MISSING)
    chain.transactions.addAnnouncer(child.wtxid, 'bob')
    chain.transactions.forgetPeer('alice')
    assert.deepEqual([...chain.transactions.orphans()[0]!.peers], ['bob'])
    chain.transactions.forgetPeer('bob')
    assert.equal(chain.transactions.orphans().length, 0)
  })

  it('takes packages, and says what became of each member', async () => {
    const parent = spendCoinbase(blocks[0]!, 0n)
    const child = childOf(parent)
    assert.equal(await send(parent), 'min relay fee not met')
    const bytes = [parent, child].map(each => serializeTransaction(each))
    const { verdict, members } = await chain.transactions.acceptPackage(bytes)
    assert.equal(verdict.ok, true)
    assert.deepEqual(
      [...members.values()].map(({ kind }) => kind),
      ['accepted', 'accepted'],
    )
    const broken = await chain.transactions.acceptPackage([bytes[0]!, bytes[1]!.subarray(1)])
    assert.equal(broken.verdict.ok || broken.verdict.code, 'tx-decode-failed')
  })

  it('remembers what it refused until the tip changes', async () => {
    const early = spendCoinbase(blocks[4]!)
    assert.equal(await send(early, 'alice'), 'bad-txns-premature-spend-of-coinbase')
    assert.equal(chain.transactions.hasSeen(early.wtxid), true)
    await acceptAll(chain, makeBranch(tipOf(chain), 1))
    assert.equal(chain.transactions.hasSeen(early.wtxid), false)
    assert.equal(await send(early, 'alice'), 'OK')
  })
})
