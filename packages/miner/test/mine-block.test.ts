import assert from 'node:assert/strict'
import { Block, BlockHeader, checkProofOfWork, merkleRoot, REGTEST } from '@onehop/ledger'
import { equalBytes, sha256d } from '@onehop/primitives'
import { HashingSearcher, mineBlock } from '../src/index.ts'
import { BITS_4096_HASHES, BITS_HOPELESS, isSolved, template } from './support/templates.ts'

describe('mining', () => {
  it('finds a nonce for the easiest target at once', async () => {
    const mined = await mineBlock(template(REGTEST.genesis.header.bits))
    assert(checkProofOfWork(mined.header.hash, mined.header.bits, REGTEST.powLimit))
  })

  it('finds the nonce that gave the first block of regtest its proof of work', async () => {
    const { header, transactions } = REGTEST.genesis
    const unsolved = new BlockHeader({ ...header, nonce: 0 })
    const mined = await mineBlock(new Block(unsolved, transactions))
    assert(checkProofOfWork(mined.header.hash, mined.header.bits, REGTEST.powLimit))
    assert(mined.header.nonce <= header.nonce)
  })

  it('searches through thousands of nonces for a harder target, and changes nothing else', async () => {
    const before = template(BITS_4096_HASHES)
    const mined = await mineBlock(before)
    assert(isSolved(mined))
    assert.equal(mined.transactions, before.transactions)
    assert.deepEqual({ ...mined.header, nonce: 0 }.merkleRoot, before.header.merkleRoot)
  })

  it('rolls the extra nonce when the nonces are exhausted, and keeps the merkle root right', async () => {
    const before = template(BITS_4096_HASHES)
    const mined = await mineBlock(before, { noncesPerHeader: 16 })
    assert(isSolved(mined))
    assert(mined.header.nonce < 16)
    const { root } = merkleRoot(mined.transactions.map(transaction => transaction.txid))
    assert(equalBytes(mined.header.merkleRoot, root))
    assert(!equalBytes(mined.header.merkleRoot, before.header.merkleRoot))
    assert.equal(mined.transactions[1], before.transactions[1])
  })

  it('ends with the reason of its signal, and lets the event loop run meanwhile', async () => {
    const controller = new AbortController()
    const search = mineBlock(template(BITS_HOPELESS), { signal: controller.signal })
    setImmediate(() => controller.abort(new Error('enough')))
    await assert.rejects(search, /enough/)
  })

  it('does not begin when its signal was aborted before', async () => {
    await assert.rejects(
      mineBlock(template(REGTEST.genesis.header.bits), { signal: AbortSignal.abort(new Error('never')) }),
      /never/,
    )
  })

  it('searches hash by hash where there is no kernel', async () => {
    let hashes = 0
    const searcher = new HashingSearcher(message => {
      hashes += 1
      return sha256d(message)
    })
    const mined = await mineBlock(template(BITS_4096_HASHES), { searcher })
    assert.equal(hashes, mined.header.nonce + 1)
    assert.deepEqual(mined.header.hash, (await mineBlock(template(BITS_4096_HASHES))).header.hash)
  })
})
