import assert from 'node:assert/strict'
import {
  type Block,
  Block as BlockClass,
  BlockHeader,
  checkBlock,
  checkBlockInContext,
  MAX_BLOCK_WEIGHT,
  OP,
  parseBlock,
  pushNumber,
  REGTEST,
  scriptOf,
  serializeBlock,
  Transaction,
  type TxOutput,
  transactionMerkleRoot,
} from '@onehop/ledger'
import {
  codeOf,
  fieldsOf,
  headerFields,
  mine,
  pay,
  RegtestChain,
  recommit,
  scriptOfKey,
  testKey,
  withTransactions,
} from './regtest-chain.ts'

const chain = new RegtestChain()
chain.mineBlocks(101)
const template = chain.template()
const coinbase = template.transactions[0]!
const payment = pay({
  from: [chain.coinbase(1)],
  to: [{ value: 10_000n, scriptPubKey: scriptOfKey(testKey(2)) }],
})

const alone = (block: Block) => codeOf(checkBlock(mine(block), REGTEST))
const inContext = (block: Block) => codeOf(checkBlockInContext(block, chain.tip, REGTEST))
const withCoinbase = (changed: Partial<Parameters<typeof fieldsOf>[0]>) =>
  new Transaction({ ...fieldsOf(coinbase), ...changed })
const paying = (outputs: readonly TxOutput[]) => withTransactions(template, [withCoinbase({ outputs })])

describe('a block by itself', () => {
  it('is valid as the template makes it, and comes back from its bytes', () => {
    assert.equal(alone(template), 'OK')
    const copy = parseBlock(serializeBlock(template))
    assert.deepEqual(copy.hash, template.hash)
    assert.equal(serializeBlock(template).length, template.totalSize)
  })

  it('must meet its target', () => {
    for (let nonce = 0; ; nonce++) {
      const block = new BlockClass(
        new BlockHeader({ ...headerFields(template), nonce }),
        template.transactions,
      )
      const code = codeOf(checkBlock(block, REGTEST))
      if (code === 'OK') continue
      assert.equal(code, 'high-hash')
      return
    }
  })

  it('commits to its transactions', () => {
    const other = new BlockClass(template.header, [coinbase, payment])
    assert.equal(alone(other), 'bad-txnmrklroot')
  })

  it('does not repeat transactions so that the commitment stays the same', () => {
    const transactions = [coinbase, payment, payment]
    const { root, mutated } = transactionMerkleRoot(transactions)
    assert.equal(mutated, false)
    const header = new BlockHeader({ ...headerFields(template), merkleRoot: root })
    assert.equal(alone(new BlockClass(header, [...transactions, payment])), 'bad-txns-duplicate')
  })

  it('has transactions', () => {
    const header = new BlockHeader({ ...headerFields(template), merkleRoot: new Uint8Array(32) })
    assert.equal(alone(new BlockClass(header, [])), 'bad-blk-length')
  })

  it('has at most 1,000,000 bytes without witnesses', () => {
    const scriptPubKey = scriptOf(OP.RETURN, new Uint8Array(999_950))
    assert.equal(alone(paying([...coinbase.outputs, { value: 0n, scriptPubKey }])), 'bad-blk-length')
  })

  it('has a coinbase first', () => {
    assert.equal(alone(withTransactions(template, [payment])), 'bad-cb-missing')
    assert.equal(alone(withTransactions(template, [payment, coinbase])), 'bad-cb-missing')
  })

  it('has one coinbase only', () => {
    const second = withCoinbase({ lockTime: 1 })
    assert.equal(alone(withTransactions(template, [coinbase, second])), 'bad-cb-multiple')
  })

  it('has no transaction that is invalid by itself', () => {
    assert.equal(alone(paying([])), 'bad-txns-vout-empty')
    const [input] = coinbase.inputs
    const short = withCoinbase({ inputs: [{ ...input!, scriptSig: Uint8Array.of(1) }] })
    assert.equal(alone(withTransactions(template, [short])), 'bad-cb-length')
  })

  it('has at most 20,000 signature operations that are visible at once', () => {
    const sigops = (count: number) => ({ value: 0n, scriptPubKey: new Uint8Array(count).fill(OP.CHECKSIG) })
    const own = 1
    assert.equal(alone(paying([coinbase.outputs[0]!, sigops(20_000)])), 'OK')
    assert.equal(alone(paying([coinbase.outputs[0]!, sigops(20_000 + own)])), 'bad-blk-sigops')
    const multisig = { value: 0n, scriptPubKey: new Uint8Array(1_001).fill(OP.CHECKMULTISIG) }
    assert.equal(alone(paying([multisig])), 'bad-blk-sigops')
  })
})

describe('a block in its place', () => {
  it('is valid as the template makes it', () => assert.equal(inContext(template), 'OK'))

  it('starts its coinbase with its height', () => {
    const [input] = coinbase.inputs
    const at = (scriptSig: Uint8Array) =>
      inContext(withTransactions(template, [withCoinbase({ inputs: [{ ...input!, scriptSig }] })]))
    assert.equal(at(scriptOf(pushNumber(102), 0)), 'OK')
    assert.equal(at(scriptOf(pushNumber(103), 0)), 'bad-cb-height')
    assert.equal(at(scriptOf(2, 102, 0)), 'bad-cb-height')
    assert.equal(at(new Uint8Array(2)), 'bad-cb-height')
  })

  it('has no transaction before its lock time', () => {
    const locked = (lockTime: number) => {
      const transaction = pay({ from: [chain.coinbase(1)], to: payment.outputs, lockTime, sequence: 0 })
      return inContext(withTransactions(template, [recommit(coinbase, [transaction]), transaction]))
    }
    assert.equal(locked(101), 'OK')
    assert.equal(locked(102), 'bad-txns-nonfinal')
  })

  it('commits to its witnesses', () => {
    assert.equal(inContext(withTransactions(template, [coinbase, payment])), 'bad-witness-merkle-match')
    assert.equal(inContext(withTransactions(template, [recommit(coinbase, [payment]), payment])), 'OK')
  })

  it('has one witness item of 32 bytes in the coinbase for the commitment', () => {
    const [input] = coinbase.inputs
    const nonce = new Uint8Array(32)
    for (const witness of [[], [new Uint8Array(31)], [nonce, nonce]]) {
      const block = withTransactions(template, [withCoinbase({ inputs: [{ ...input!, witness }] })])
      assert.equal(inContext(block), 'bad-witness-nonce-size')
    }
  })

  it('has no witness without a commitment', () => {
    const bare = withCoinbase({ outputs: coinbase.outputs.slice(0, 1) })
    assert.equal(inContext(withTransactions(template, [bare])), 'unexpected-witness')
    const plain = new Transaction({
      ...fieldsOf(bare),
      inputs: bare.inputs.map(input => ({ ...input, witness: [] })),
    })
    assert.equal(inContext(withTransactions(template, [plain])), 'OK')
    assert.equal(inContext(withTransactions(template, [plain, payment])), 'unexpected-witness')
  })

  it('counts the last of several commitments', () => {
    const [reward, commitment] = coinbase.outputs
    const wrong = {
      value: 0n,
      scriptPubKey: scriptOf(commitment!.scriptPubKey.subarray(0, 6), new Uint8Array(32)),
    }
    assert.equal(inContext(paying([reward!, wrong, commitment!])), 'OK')
    assert.equal(inContext(paying([reward!, commitment!, wrong])), 'bad-witness-merkle-match')
  })

  it('weighs at most 4,000,000 units', () => {
    const heavy = (length: number) => {
      const inputs = payment.inputs.map(input => ({ ...input, witness: [new Uint8Array(length)] }))
      const transaction = new Transaction({ ...fieldsOf(payment), inputs })
      return withTransactions(template, [recommit(coinbase, [transaction]), transaction])
    }
    const overhead = heavy(3_900_000).weight - 3_900_000
    assert.equal(inContext(heavy(MAX_BLOCK_WEIGHT - overhead)), 'OK')
    assert.equal(inContext(heavy(MAX_BLOCK_WEIGHT - overhead + 1)), 'bad-blk-weight')
  })
})
