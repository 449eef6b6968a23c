import assert from 'node:assert/strict'
import { asTxId, Block, BlockHeader, OP, REGTEST, serializeBlock, Transaction } from '@onehop/ledger'
import { Chain } from '../src/index.ts'
import { GENESIS, makeBlock, openOptions, solve } from './support/regtest.ts'

const previousOutput = { txid: asTxId(new Uint8Array(32).fill(1)), index: 0 }

describe('a body that its header does not commit to', () => {
  it('does not make the header invalid, whatever it breaks first', async () => {
    // A challenge that every block meets, if its coinbase has a commitment.
    const parameters = { ...REGTEST, signetChallenge: Uint8Array.of(OP[1]) }
    const chain = await Chain.open({ ...openOptions, parameters })
    const block = makeBlock(GENESIS)
    const [coinbase] = block.transactions
    assert(coinbase)
    const forged = new Block(block.header, [new Transaction({ ...coinbase, outputs: [] })])
    const refused = await chain.acceptBlock(serializeBlock(forged))
    assert.equal(refused.ok ? 'OK' : refused.code, 'bad-signet-blksig')
    const accepted = await chain.acceptBlock(serializeBlock(block))
    assert.equal(accepted.ok ? 'OK' : accepted.code, 'OK')
    await chain.close()
  })

  it('may have inner nodes of the merkle tree for transactions', async () => {
    const chain = await Chain.open(openOptions)
    const node = new Transaction({
      version: 1,
      inputs: [{ previousOutput, scriptSig: new Uint8Array(4), sequence: 0, witness: [] }],
      outputs: [{ value: 0n, scriptPubKey: new Uint8Array(0) }],
      lockTime: 0,
    })
    assert.equal(node.totalSize, 64)
    const { header } = makeBlock(GENESIS)
    const block = solve(new Block(new BlockHeader({ ...header, merkleRoot: node.txid }), [node]))
    for (const time of ['first', 'second']) {
      const refused = await chain.acceptBlock(serializeBlock(block))
      assert.equal(refused.ok ? 'OK' : refused.code, 'bad-cb-missing', `the ${time} time`)
    }
    await chain.close()
  })
})
