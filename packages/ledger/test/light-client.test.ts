import assert from 'node:assert/strict'
import {
  type Block,
  BlockHeader,
  createMerkleBlock,
  createPaymentProof,
  LightClient,
  type PaymentProof,
  parsePaymentProof,
  REGTEST,
  readMerkleBlock,
  serializePaymentProof,
} from '@onehop/ledger'
import { ByteReader, describeRejection } from '@onehop/primitives'
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
  const payment = block.transactions[1]!
  const { txid } = payment
  const proof = createPaymentProof(block, txid)!
  const child = blockOn(block, 600)
  const rival = blockOn(REGTEST.genesis, 700)
  const rivalChild = blockOn(rival, 600)
  const rivalGrandchild = blockOn(rivalChild, 600)

  const clientWith = (...blocks: readonly Block[]) => {
    const client = new LightClient(REGTEST)
    feed(client, ...blocks)
    return client
  }
  const feed = (client: LightClient, ...blocks: readonly Block[]) => {
    for (const { header } of blocks) assert.equal(codeOf(client.addHeaders([header], header.time)), 'OK')
  }
  const refusalOf = (changed: Partial<PaymentProof>) => {
    const added = clientWith(block).addPayment({ ...proof, ...changed })
    return added.ok ? 'OK' : describeRejection(added)
  }

  it('counts the blocks that confirm a proven payment, more with every header', () => {
    const client = clientWith(block)
    assert.equal(client.confirmations(txid), 0)
    const added = client.addPayment(proof)
    assert.ok(added.ok)
    assert.equal(added.value.height, 1)
    assert.equal(client.confirmations(txid), 1)
    feed(client, child)
    const confirmed = client.payment(txid)
    assert.deepEqual([confirmed?.confirmations, confirmed?.block.height], [2, 1])
    assert.equal(confirmed?.transaction, payment)
    client.forget(txid)
    assert.equal(client.confirmations(txid), 0)
  })

  it('takes a payment back when its chain loses, and believes it again by a proof for the one that won', () => {
    const client = clientWith(block)
    client.addPayment(proof)
    feed(client, rival, rivalChild)
    assert.equal(client.confirmations(txid), 0)
    client.addPayment(createPaymentProof(rival, txid)!)
    assert.equal(client.confirmations(txid), 2)
    feed(client, child, blockOn(child, 600))
    assert.equal(client.confirmations(txid), 3)
    feed(client, rivalGrandchild, blockOn(rivalGrandchild, 600))
    assert.equal(client.confirmations(txid), 4)
  })

  it('needs the header first, and takes no header that breaks a rule', () => {
    const client = clientWith()
    assert.equal(codeOf(client.addPayment(proof)), 'header-not-found')
    assert.equal(codeOf(client.addHeaders([child.header], child.header.time)), 'prev-blk-not-found')
    assert.equal(
      codeOf(client.addHeaders([block.header, child.header], block.header.time - 7200)),
      'time-too-new',
    )
    assert.equal(client.best, client.headers.get(block.hash))
    assert.deepEqual(client.locator(), [block.hash, REGTEST.genesis.hash])
  })

  it('refuses a proof of something else, or one that does not prove the coinbase', () => {
    assert.equal(refusalOf({}), 'OK')
    const other = respend(spendable(payment, 0))
    assert.equal(refusalOf({ payment: other }), 'bad-txoutproof, a proof of other transactions')
    assert.equal(refusalOf({ coinbase: payment }), 'bad-txoutproof, not a proof of the coinbase')
    assert.equal(
      refusalOf({ proof: createMerkleBlock(block, [txid]) }),
      'bad-txoutproof, not a proof of the coinbase',
    )
    const changed = new BlockHeader({ ...headerFields(block), merkleRoot: new Uint8Array(32) })
    assert.equal(
      refusalOf({ proof: { ...proof.proof, header: changed } }),
      'bad-txoutproof, another merkle root',
    )
  })
})

describe('a payment proof', () => {
  const block = blockOn(REGTEST.genesis, 600)
  const [coinbase, payment] = [block.transactions[0]!, block.transactions[1]!]

  it('begins as a merkle block, so that bitcoind verifies it too, and survives its bytes', () => {
    const bytes = serializePaymentProof(createPaymentProof(block, payment.txid)!)
    assert.deepEqual(serializePaymentProof(parsePaymentProof(bytes)), bytes)
    const { header } = readMerkleBlock(new ByteReader(bytes))
    assert.deepEqual(header.hash, block.hash)
  })

  it('proves a coinbase by itself, and no transaction that is elsewhere', () => {
    const proof = createPaymentProof(block, coinbase.txid)
    assert.equal(proof?.payment, coinbase)
    assert.equal(createPaymentProof(REGTEST.genesis, payment.txid), undefined)
  })

  it('cut off anywhere is no proof', () => {
    const bytes = serializePaymentProof(createPaymentProof(block, payment.txid)!)
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => parsePaymentProof(bytes.subarray(0, length)), { name: 'DecodeError' })
    }
  })
})
