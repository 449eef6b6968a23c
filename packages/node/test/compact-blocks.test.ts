import assert from 'node:assert/strict'
import { Chain } from '@onehop/chain'
import {
  createCompactBlock,
  parseBlockTransactions,
  parseBlockTransactionsRequest,
  serializeBlock,
  serializeBlockTransactionsRequest,
  serializeCompactBlock,
  Transaction,
} from '@onehop/ledger'
import { bytesToHex, type Result } from '@onehop/primitives'
import { makeBlock, openOptions, tipOf } from '../../chain/test/support/regtest.ts'
import { CompactBlocks } from '../src/compact-blocks.ts'
import { MAX_BLOCK_TRANSACTIONS_DEPTH, MAX_COMPACT_BLOCK_DEPTH } from '../src/limits.ts'
import {
  accept,
  blockOf,
  fillMempool,
  makeSpends,
  mineEmpty,
  trustingVerifier,
} from './support/chain-peers.ts'

function codeOf(result: Result<unknown>): string {
  return result.ok ? 'OK' : `${result.blame}: ${result.code}`
}

describe('compact blocks of a chain', () => {
  let chain: Chain
  let compactBlocks: CompactBlocks

  beforeEach(async () => {
    chain = await Chain.open({ ...openOptions, verifier: trustingVerifier })
    compactBlocks = new CompactBlocks(chain, () => 1n)
  })

  afterEach(() => chain.close())

  it('are made of blocks near the tip, others are only served whole', async () => {
    await mineEmpty(chain, 20)
    const make = (depth: number) => compactBlocks.make(chain.hashAtHeight(20 - depth)!)
    assert.notEqual(await make(MAX_COMPACT_BLOCK_DEPTH), undefined)
    assert.equal(await make(MAX_COMPACT_BLOCK_DEPTH + 1), undefined)
    const answer = (depth: number) => {
      const block = chain.hashAtHeight(20 - depth)!
      return compactBlocks.answer(serializeBlockTransactionsRequest({ block, indexes: [0] }))
    }
    assert.notDeepEqual(await answer(MAX_BLOCK_TRANSACTIONS_DEPTH), { ok: true, value: undefined })
    assert.deepEqual(await answer(MAX_BLOCK_TRANSACTIONS_DEPTH + 1), { ok: true, value: undefined })
  })

  it('are made once for all peers', async () => {
    await mineEmpty(chain, 1)
    const { hash } = chain.tip
    assert.equal(await compactBlocks.make(hash), await compactBlocks.make(hash))
  })

  it('are not made of blocks that are not on the active chain', async () => {
    const rival = makeBlock(tipOf(chain), { extraNonce: 1 })
    await mineEmpty(chain, 1)
    await accept(chain, rival)
    assert.notEqual(chain.tip.hash, rival.hash)
    assert.equal(await compactBlocks.make(rival.hash), undefined)
  })

  it('answer with the transactions that were asked for, and no others', async () => {
    const spends = await makeSpends(chain, 3)
    const block = blockOf(chain, spends)
    await accept(chain, block)
    const ask = async (indexes: readonly number[]) =>
      compactBlocks.answer(serializeBlockTransactionsRequest({ block: block.hash, indexes }))
    const answer = await ask([1, 3])
    assert.ok(answer.ok && answer.value !== undefined)
    const { transactions } = parseBlockTransactions(answer.value)
    assert.deepEqual(ids(transactions), ids([spends[0]!, spends[2]!]))
    assert.equal(codeOf(await ask([1, 4])), 'sender: getblocktxn with out-of-bounds tx indices')
    assert.equal(codeOf(await compactBlocks.answer(new Uint8Array(32))), 'sender: getblocktxn-decode-failed')
  })

  it('are opened with the mempool, and with what the mempool has just dropped', async () => {
    const [first, second] = await makeSpends(chain, 2)
    const parent = tipOf(chain)
    await fillMempool(chain, [first!, second!])
    const late = makeBlock(parent, { transactions: [first!, second!], extraNonce: 3 })
    const opened = () => compactBlocks.open(serializeCompactBlock(createCompactBlock(late, 9n)))
    assertComplete(opened(), late)
    const { version, inputs, outputs, lockTime } = first!
    const rival = new Transaction({ version: version + 1, inputs, outputs, lockTime })
    await accept(chain, makeBlock(parent, { transactions: [rival] }))
    assert.equal(chain.mempool.has(first!.txid), false)
    assertComplete(opened(), late)
  })

  it('of which something is unknown say what, and take nothing else for it', async () => {
    const spends = await makeSpends(chain, 4)
    await fillMempool(chain, [spends[1]!])
    const block = blockOf(chain, spends)
    const opened = compactBlocks.open(serializeCompactBlock(createCompactBlock(block, 9n)))
    assert.ok(opened.ok && opened.value.request !== undefined)
    assert.deepEqual(parseBlockTransactionsRequest(opened.value.request).indexes, [1, 3, 4])
    assert.equal(
      codeOf(opened.value.complete()),
      'sender: invalid compact block/non-matching block transactions',
    )
    assert.equal(codeOf(opened.value.complete(new Uint8Array(31))), 'sender: blocktxn-decode-failed')
    assert.equal(chain.tip.invalid, false)
  })

  it('are refused without blame when nobody knows their parent', async () => {
    const [, second] = await mineEmpty(await Chain.open({ ...openOptions }), 2)
    const opened = compactBlocks.open(serializeCompactBlock(createCompactBlock(second!, 9n)))
    assert.equal(codeOf(opened), 'nobody: prev-blk-not-found')
  })

  function assertComplete(
    opened: ReturnType<CompactBlocks['open']>,
    block: Parameters<typeof serializeBlock>[0],
  ): void {
    assert.ok(opened.ok)
    assert.equal(opened.value.request, undefined)
    const complete = opened.value.complete()
    assert.ok(complete.ok)
    assert.equal(bytesToHex(complete.value), bytesToHex(serializeBlock(block)))
  }
})

function ids(transactions: readonly Transaction[]): string[] {
  return transactions.map(({ wtxid }) => bytesToHex(wtxid))
}
