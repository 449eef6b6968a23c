import assert from 'node:assert/strict'
import { Block, BlockHeader, checkProofOfWork, merkleRoot, REGTEST, Transaction } from '@onehop/ledger'
import { equalBytes } from '@onehop/primitives'
import { mineBlock } from '../src/mine-block.ts'

/** 2^-12 of all hashes are below this target. */
const BITS_4096_HASHES = 0x1f0fffff
/** Nothing will ever be found. */
const BITS_HOPELESS = 0x03000001

function template(bits: number): Block {
  const [coinbase] = REGTEST.genesis.transactions
  assert(coinbase)
  const spend = new Transaction({
    ...coinbase,
    version: 2,
    lockTime: 7,
    inputs: coinbase.inputs,
    outputs: [],
  })
  const { header } = REGTEST.genesis
  const { root } = merkleRoot([coinbase.txid, spend.txid])
  const fields = { version: 0x20000000, previousBlock: header.hash, merkleRoot: root, time: header.time + 1 }
  return new Block(new BlockHeader({ ...fields, bits, nonce: 0 }), [coinbase, spend])
}

const EASIEST = (1n << 256n) - 1n

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
    assert(checkProofOfWork(mined.header.hash, BITS_4096_HASHES, EASIEST))
    assert.equal(mined.transactions, before.transactions)
    assert.deepEqual({ ...mined.header, nonce: 0 }.merkleRoot, before.header.merkleRoot)
  })

  it('rolls the extra nonce when the nonces are exhausted, and keeps the merkle root right', async () => {
    const before = template(BITS_4096_HASHES)
    const mined = await mineBlock(before, { noncesPerHeader: 16 })
    assert(checkProofOfWork(mined.header.hash, BITS_4096_HASHES, EASIEST))
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

  it('takes another hash function', async () => {
    let hashes = 0
    const sha256d = () => {
      hashes += 1
      return new Uint8Array(32).fill(hashes < 5000 ? 0xff : 0)
    }
    const mined = await mineBlock(template(BITS_4096_HASHES), { sha256d })
    assert.equal(mined.header.nonce, 4999)
  })
})
