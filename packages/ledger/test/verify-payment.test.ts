import assert from 'node:assert/strict'
import {
  asTxId,
  type Block,
  BlockHeader,
  createMerkleBlock,
  HeaderTree,
  type PaymentClaim,
  REGTEST,
  verifyPayment,
} from '@onehop/ledger'
import { codeOf, headerFields, mine, respend, spendable, withTransactions } from './regtest-chain.ts'

/** A mined block of two transactions, so and so long after its parent. Only its header is ever checked. */
function blockOn(parent: Block, seconds: number): Block {
  const { transactions } = REGTEST.genesis
  const paid = respend(spendable(transactions[0]!, 0))
  const full = withTransactions(REGTEST.genesis, [transactions[0]!, paid])
  const fields = { ...headerFields(full), version: 0x2000_0000, previousBlock: parent.hash }
  const time = parent.header.time + seconds
  return mine({ header: new BlockHeader({ ...fields, time }), transactions: full.transactions } as Block)
}

describe('a light client', () => {
  const block = blockOn(REGTEST.genesis, 600)
  const [coinbase, paid] = [block.transactions[0]!, block.transactions[1]!]
  const proof = createMerkleBlock(block, [coinbase.txid, paid.txid])
  const claim: PaymentClaim = { txid: paid.txid, proof, coinbase, confirmations: 2 }
  const headersOf = (...blocks: readonly Block[]) => {
    const tree = new HeaderTree(REGTEST)
    for (const { header } of blocks) assert.equal(codeOf(tree.add(header, header.time)), 'OK')
    return tree
  }
  const child = blockOn(block, 600)
  const rival = blockOn(REGTEST.genesis, 700)
  const codeFor = (tree: HeaderTree, changed: Partial<PaymentClaim> = {}) =>
    codeOf(verifyPayment(tree, { ...claim, ...changed }))

  it('believes a payment that is proven and deep enough', () => {
    const result = verifyPayment(headersOf(block, child), claim)
    assert.ok(result.ok, codeOf(result))
    assert.deepEqual([result.value.block.height, result.value.confirmations], [1, 2])
  })

  it('waits for its confirmations, its header and its chain', () => {
    assert.equal(codeFor(headersOf(block)), 'too-few-confirmations')
    assert.equal(codeFor(headersOf()), 'header-not-found')
    assert.equal(codeFor(headersOf(block, rival, blockOn(rival, 600))), 'not-in-best-chain')
  })

  it('refuses a proof of something else, or one that does not prove the coinbase', () => {
    const tree = headersOf(block, child)
    assert.equal(codeFor(tree, { txid: asTxId(new Uint8Array(32)) }), 'bad-txoutproof')
    assert.equal(codeFor(tree, { coinbase: paid }), 'bad-txoutproof')
    assert.equal(codeFor(tree, { proof: createMerkleBlock(block, [paid.txid]) }), 'bad-txoutproof')
  })
})
