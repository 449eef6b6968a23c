import assert from 'node:assert/strict'
import { COIN, Transaction, txIdToHex } from '@onehop/ledger'
import {
  blameOf,
  chainOf,
  codeOf,
  FEE,
  fieldsOf,
  MINER_KEY,
  pay,
  respend,
  scriptOfKey,
  spendable,
  testKey,
} from './regtest-chain.ts'

const OTHER = scriptOfKey(testKey(2))
const MINE = scriptOfKey(MINER_KEY)

describe('the mempool', () => {
  it('takes a valid transaction, and finds it by its ids and by what it spends', () => {
    const chain = chainOf(101)
    const transaction = respend(chain.coinbase(1))
    assert.equal(codeOf(chain.accept(transaction)), 'OK')
    const { mempool } = chain
    assert.equal(mempool.get(transaction.txid), transaction)
    assert.equal(mempool.getByWtxid(transaction.wtxid), transaction)
    assert.equal(mempool.has(transaction.txid), true)
    assert.equal(mempool.spenderOf(chain.coinbase(1).outPoint), transaction)
    assert.equal(mempool.size, 1)
    assert.equal(mempool.entry(transaction.txid)!.fee, FEE)
    assert.ok(mempool.bytes > transaction.totalSize)
  })

  it('only says what it would do when it is only asked', () => {
    const chain = chainOf(101)
    assert.equal(codeOf(chain.mempool.check(respend(chain.coinbase(1)), chain.context)), 'OK')
    assert.equal(chain.mempool.size, 0)
  })

  it('does not take the same transaction twice, in whatever witness', () => {
    const chain = chainOf(101)
    const transaction = respend(chain.coinbase(1))
    chain.accept(transaction)
    assert.equal(codeOf(chain.accept(transaction)), 'txn-already-in-mempool')
    const inputs = transaction.inputs.map(input => ({ ...input, witness: [Uint8Array.of(1)] }))
    const other = new Transaction({ ...fieldsOf(transaction), inputs })
    assert.equal(codeOf(chain.accept(other)), 'txn-same-nonwitness-data-in-mempool')
  })

  it('blames nobody for an input that it does not know, or that is spent', () => {
    const chain = chainOf(102)
    const unknown = spendable(respend(chain.coinbase(2)), 0)
    const verdict = chain.accept(respend(unknown))
    assert.equal(codeOf(verdict), 'bad-txns-inputs-missingorspent')
    assert.equal(blameOf(verdict), 'nobody')
  })

  it('knows a transaction that is in the chain already', () => {
    const chain = chainOf(101)
    const transaction = respend(chain.coinbase(1))
    assert.ok(chain.connect(chain.blockOf([transaction])).ok)
    assert.equal(codeOf(chain.accept(transaction)), 'txn-already-known')
  })

  it('blames the sender for what no block could ever have', () => {
    const chain = chainOf(101)
    const from = [chain.coinbase(1)]
    const cases: [Transaction, string][] = [
      [pay({ from, to: [] }), 'bad-txns-vout-empty'],
      [
        pay({ from: [...from, ...from], to: [{ value: COIN, scriptPubKey: MINE }] }),
        'bad-txns-inputs-duplicate',
      ],
      [chain.blocks[0]!.block.transactions[0]!, 'coinbase'],
      [respend(chain.coinbase(1), -1n), 'bad-txns-in-belowout'],
      [
        pay({ from, to: [{ value: COIN, scriptPubKey: MINE }], key: testKey(9) }),
        'mempool-script-verify-flag-failed (Script failed an OP_EQUALVERIFY operation)',
      ],
    ]
    for (const [transaction, code] of cases) {
      const verdict = chain.accept(transaction)
      assert.equal(codeOf(verdict), code)
      assert.equal(blameOf(verdict), 'sender', code)
    }
  })

  it('waits for coinbase outputs to mature', () => {
    const chain = chainOf(100)
    const verdict = chain.accept(respend(chain.coinbase(2)))
    assert.equal(codeOf(verdict), 'bad-txns-premature-spend-of-coinbase')
    assert.equal(blameOf(verdict), 'nobody')
    chain.mineBlocks(1)
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(2)))), 'OK')
  })

  it('waits for lock times, absolute and relative', () => {
    const chain = chainOf(101)
    const to = [{ value: COIN, scriptPubKey: MINE }]
    const locked = (lockTime: number) =>
      pay({ from: [chain.coinbase(1)], to, lockTime, sequence: 0xffff_fffe })
    assert.equal(codeOf(chain.accept(locked(102))), 'non-final')
    assert.equal(
      codeOf(chain.accept(pay({ from: [chain.coinbase(1)], to, sequence: 102 }))),
      'non-BIP68-final',
    )
    assert.equal(codeOf(chain.accept(locked(101))), 'OK')
  })
})

describe('the mempool’s fees', () => {
  const chain = chainOf(101)
  const { virtualSize } = respend(chain.coinbase(1))

  it('are at least 100 satoshis for 1,000 virtual bytes, rounded up', () => {
    const least = BigInt(Math.ceil(virtualSize / 10))
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(1), least - 1n))), 'min relay fee not met')
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(1), least))), 'OK')
  })
})

describe('chains of unconfirmed transactions', () => {
  it('are taken parents first, up to 25', () => {
    const chain = chainOf(101)
    let previous = chain.coinbase(1)
    for (let i = 0; i < 25; i++) {
      const transaction = respend(previous)
      assert.equal(codeOf(chain.accept(transaction)), 'OK', `transaction ${i + 1}`)
      previous = spendable(transaction, 0)
    }
    const verdict = chain.accept(respend(previous))
    assert.equal(codeOf(verdict), 'too-long-mempool-chain')
    assert.equal(blameOf(verdict), 'nobody')
  })

  it('know who depends on whom', () => {
    const chain = chainOf(101)
    const parent = respend(chain.coinbase(1))
    const child = respend(spendable(parent, 0))
    const grandchild = respend(spendable(child, 0))
    for (const transaction of [parent, child, grandchild]) chain.accept(transaction)
    const entry = chain.mempool.entry(child.txid)!
    assert.deepEqual(
      [...entry.ancestors].map(each => each.transaction),
      [parent],
    )
    assert.deepEqual(
      [...entry.descendants].map(each => each.transaction),
      [grandchild],
    )
  })

  it('limit the descendants of one transaction too', () => {
    const chain = chainOf(101)
    const to = Array.from({ length: 30 }, () => ({ value: COIN, scriptPubKey: MINE }))
    const parent = pay({ from: [chain.coinbase(1)], to })
    chain.accept(parent)
    const codes = to.map((_, index) => codeOf(chain.accept(respend(spendable(parent, index)))))
    assert.equal(codes.filter(code => code === 'OK').length, 24 + 1, 'one small child more (the carve-out)')
    assert.equal(codes.at(-1), 'too-long-mempool-chain')
  })
})

/** Bytes of four transactions of one input and one output. */
const ROOM_FOR_FOUR = 13_000

describe('a mempool that is full', () => {
  it('drops what pays least, and asks for more from then on', () => {
    const chain = chainOf(110, ROOM_FOR_FOUR)
    const cheap = respend(chain.coinbase(1), 200n)
    assert.equal(codeOf(chain.accept(cheap)), 'OK')
    for (let height = 2; height <= 4; height++)
      assert.equal(codeOf(chain.accept(respend(chain.coinbase(height)))), 'OK')
    assert.equal(chain.mempool.has(cheap.txid), true)
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(5)))), 'OK')
    assert.equal(chain.mempool.has(cheap.txid), false)
    assert.ok(chain.mempool.bytes <= chain.mempool.limit)
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(6), 200n))), 'mempool min fee not met')
  })

  it('refuses a transaction that would be the first to go', () => {
    const chain = chainOf(110, ROOM_FOR_FOUR)
    for (let height = 1; height <= 4; height++) chain.accept(respend(chain.coinbase(height)))
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(5), 200n))), 'mempool full')
  })

  it('keeps a parent for which its child pays', () => {
    const chain = chainOf(110, ROOM_FOR_FOUR)
    const parent = respend(chain.coinbase(1), 200n)
    const child = respend(spendable(parent, 0), 10n * FEE)
    chain.accept(parent)
    chain.accept(child)
    const other = respend(chain.coinbase(2), 1_000n)
    chain.accept(other)
    for (let height = 3; height <= 4; height++) chain.accept(respend(chain.coinbase(height)))
    assert.equal(chain.mempool.has(parent.txid), true)
    assert.equal(chain.mempool.has(other.txid), false)
  })

  it('forgets what it asked for, by halves, once blocks made room', () => {
    const chain = chainOf(110, ROOM_FOR_FOUR)
    chain.accept(respend(chain.coinbase(1), 200n))
    for (let height = 2; height <= 5; height++) chain.accept(respend(chain.coinbase(height)))
    const asked = chain.mempool.feeFloor(chain.nowSeconds)
    assert.ok(asked > 0n)
    assert.equal(chain.mempool.feeFloor(chain.nowSeconds + 1_000_000), asked)
    chain.mineBlocks(1)
    const halves = (hours: number) => chain.mempool.feeFloor(chain.nowSeconds + hours * 3_600)
    assert.ok(asked >= 800n)
    assert.equal(halves(3), asked / 2n)
    assert.equal(halves(1_000), 0n)
  })
})

describe('the mempool and the chain', () => {
  it('lets go of what a block has, and keeps its children', () => {
    const chain = chainOf(101)
    const parent = respend(chain.coinbase(1))
    const child = respend(spendable(parent, 0))
    chain.accept(parent)
    chain.accept(child)
    assert.ok(chain.connect(chain.blockOf([parent])).ok)
    assert.equal(chain.mempool.has(parent.txid), false)
    assert.equal(chain.mempool.entry(child.txid)!.ancestors.size, 0)
    assert.ok(chain.connect(chain.blockOf([child])).ok)
    assert.equal(chain.mempool.size, 0)
    assert.equal(chain.mempool.bytes, 0)
  })

  it('drops what a block’s transactions conflict with, children included', () => {
    const chain = chainOf(101)
    const waiting = respend(chain.coinbase(1))
    const child = respend(spendable(waiting, 0))
    chain.accept(waiting)
    chain.accept(child)
    const rival = respend(chain.coinbase(1), FEE, OTHER)
    const block = chain.blockOf([rival])
    chain.events.length = 0
    chain.mempool.onBlockConnected(block, chain.nowSeconds)
    assert.deepEqual(chain.events, [
      `conflict ${txIdToHex(waiting.txid)}`,
      `conflict ${txIdToHex(child.txid)}`,
    ])
    assert.equal(chain.mempool.size, 0)
    assert.equal(chain.mempool.spenderOf(chain.coinbase(1).outPoint), undefined)
  })

  it('takes a disconnected block’s transactions back, and knows who spends from them', () => {
    const chain = chainOf(101)
    const parent = respend(chain.coinbase(1))
    const child = respend(spendable(parent, 0))
    chain.accept(parent)
    assert.ok(chain.connect(chain.blockOf([parent])).ok)
    chain.accept(child)
    const block = chain.disconnect()
    chain.events.length = 0
    chain.mempool.onReorganised(block.transactions, chain.context)
    assert.deepEqual(chain.events, [`added ${txIdToHex(parent.txid)}`])
    assert.equal(chain.mempool.entry(child.txid)!.ancestors.size, 1)
    assert.equal(chain.mempool.entry(parent.txid)!.descendantCount, 2)
  })

  it('takes back what pays too little for a newcomer', () => {
    const chain = chainOf(101)
    const free = respend(chain.coinbase(1), 0n)
    assert.equal(codeOf(chain.accept(free)), 'min relay fee not met')
    assert.ok(chain.connect(chain.blockOf([free])).ok)
    chain.mempool.onReorganised(chain.disconnect().transactions, chain.context)
    assert.equal(chain.mempool.has(free.txid), true)
  })

  it('drops what the new chain makes invalid: coins that are gone, immature or locked again', () => {
    const chain = chainOf(101)
    const immature = respend(chain.coinbase(3))
    const locked = pay({
      from: [chain.coinbase(1)],
      to: [{ value: COIN, scriptPubKey: MINE }],
      lockTime: 101,
      sequence: 0,
    })
    assert.equal(codeOf(chain.accept(locked)), 'OK')
    assert.ok(chain.connect(chain.blockOf([])).ok)
    assert.equal(codeOf(chain.accept(immature)), 'OK')
    chain.events.length = 0
    for (let i = 0; i < 2; i++) chain.mempool.onReorganised(chain.disconnect().transactions, chain.context)
    assert.deepEqual(chain.events, [`reorg ${txIdToHex(immature.txid)}`, `reorg ${txIdToHex(locked.txid)}`])
    assert.equal(chain.mempool.size, 0)
    assert.equal(chain.mempool.bytes, 0)
  })
})
