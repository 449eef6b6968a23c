import assert from 'node:assert/strict'
import {
  blockSubsidy,
  COIN,
  checkBlockInContext,
  createBlockTemplate,
  type HeaderNode,
  MAX_BLOCK_WEIGHT,
  medianTimePast,
  minimumBlockTime,
  OP,
  pushBytes,
  REGTEST,
  scriptOf,
  type Transaction,
} from '@onehop/ledger'
import {
  codeOf,
  MINER_KEY,
  pay,
  RegtestChain,
  type Spendable,
  scriptOfKey,
  spendable,
} from './regtest-chain.ts'

const MINE = scriptOfKey(MINER_KEY)

function respend(from: Spendable, fee: bigint): Transaction {
  return pay({ from: [from], to: [{ value: from.coin.output.value - fee, scriptPubKey: MINE }] })
}

describe('a block template', () => {
  it('is valid at every height from the first on, also where a height is a single opcode', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(20)
    assert.equal(chain.tip.height, 20)
    for (const { block } of chain.blocks) assert.ok(block.transactions[0]!.inputs[0]!.scriptSig.length >= 2)
  })

  it('has a coinbase that no block before it could have had (BIP 54)', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(5)
    const [coinbase] = chain.template().transactions
    assert.equal(coinbase!.lockTime, 5)
    assert.equal(coinbase!.inputs[0]!.sequence, 0xffff_fffe)
  })

  it('begins a difficulty period no more than ten minutes before its parent (BIP 94)', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(12)
    const interval = REGTEST.targetTimespanSeconds / REGTEST.targetSpacingSeconds
    const late = { ...chain.tip.header, time: chain.tip.header.time + 5_000 } as HeaderNode['header']
    const at = (height: number): HeaderNode => ({ ...chain.tip, header: late, height })
    assert.equal(minimumBlockTime(at(interval - 1), REGTEST), late.time - 600)
    assert.equal(minimumBlockTime(at(interval), REGTEST), medianTimePast(at(interval)) + 1)
  })

  it('claims the subsidy and all fees', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(102)
    chain.accept(respend(chain.coinbase(1), 1_000n))
    chain.accept(respend(chain.coinbase(2), 2_500n))
    const block = chain.template()
    assert.equal(block.transactions.length, 3)
    assert.equal(block.transactions[0]!.outputs[0]!.value, blockSubsidy(103, REGTEST) + 3_500n)
    assert.equal(codeOf(chain.connect(block)), 'OK')
    assert.equal(chain.mempool.size, 0)
  })

  it('has the best-paid first, and parents before children', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(103)
    const parent = respend(chain.coinbase(1), 100n)
    const child = respend(spendable(parent, 0), 90_000n)
    const middle = respend(chain.coinbase(2), 10_000n)
    const cheap = respend(chain.coinbase(3), 1_000n)
    for (const transaction of [cheap, middle, parent, child])
      assert.equal(codeOf(chain.accept(transaction)), 'OK')
    const [, ...chosen] = chain.template().transactions
    assert.deepEqual(chosen, [parent, child, middle, cheap])
  })

  it('leaves out what does not fit', function () {
    this.timeout(10_000)
    const chain = new RegtestChain()
    chain.mineBlocks(145)
    const data = { value: 0n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(new Uint8Array(98_000))) }
    for (let height = 1; height <= 12; height++) {
      const from = [chain.coinbase(height)]
      const value = from[0]!.coin.output.value - 100_000n * BigInt(height)
      assert.equal(codeOf(chain.accept(pay({ from, to: [{ value, scriptPubKey: MINE }, data] }))), 'OK')
    }
    const block = chain.template()
    assert.equal(block.transactions.length, 11)
    assert.ok(block.weight <= MAX_BLOCK_WEIGHT)
    assert.equal(codeOf(checkBlockInContext(block, chain.tip, REGTEST)), 'OK')
    const [reward] = block.transactions[0]!.outputs
    assert.equal(reward!.value - blockSubsidy(146, REGTEST), 100_000n * ((12n * 13n) / 2n - 3n))
  })

  it('is later than the median of the last blocks, even where our clock is not', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(15)
    const block = createBlockTemplate({
      parent: chain.tip,
      mempool: chain.mempool,
      parameters: REGTEST,
      coinbaseScript: MINE,
      nowSeconds: 0,
    })
    assert.equal(block.header.time, medianTimePast(chain.tip) + 1)
    assert.equal(codeOf(chain.connect(block)), 'OK')
  })

  it('differs by its extra nonce', () => {
    const chain = new RegtestChain()
    const request = {
      parent: chain.tip,
      mempool: chain.mempool,
      parameters: REGTEST,
      coinbaseScript: MINE,
      nowSeconds: chain.nowSeconds,
    }
    const [a, b] = [1, 2].map(extraNonce => createBlockTemplate({ ...request, extraNonce }))
    assert.notDeepEqual(a!.transactions[0]!.txid, b!.transactions[0]!.txid)
  })

  it('pays half after 150 blocks', () => {
    const chain = new RegtestChain()
    chain.mineBlocks(150)
    assert.equal(chain.coinbase(149).coin.output.value, 50n * COIN)
    assert.equal(chain.coinbase(150).coin.output.value, 25n * COIN)
  })
})
