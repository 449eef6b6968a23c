import assert from 'node:assert/strict'
import { asTxId, Orphanage, SEQUENCE_FINAL, Transaction } from '@onehop/ledger'
import fc from 'fast-check'

const SCRIPT = new Uint8Array(22)

/** A transaction with inputs that nobody knows, told apart by its lock time. */
function orphan(lockTime: number, inputs = 1, outputBytes = 0): Transaction {
  return new Transaction({
    version: 2,
    inputs: Array.from({ length: inputs }, (_, i) => ({
      previousOutput: { txid: asTxId(new Uint8Array(32).fill(lockTime % 251)), index: i },
      scriptSig: new Uint8Array(0),
      sequence: SEQUENCE_FINAL,
      witness: [],
    })),
    outputs: [{ value: 1n, scriptPubKey: new Uint8Array(outputBytes) }],
    lockTime,
  })
}

function childOf(parents: readonly Transaction[], lockTime = 0): Transaction {
  const inputs = parents.map(({ txid }) => ({
    previousOutput: { txid, index: 0 },
    scriptSig: new Uint8Array(0),
    sequence: SEQUENCE_FINAL,
    witness: [],
  }))
  return new Transaction({ version: 2, inputs, outputs: [{ value: 1n, scriptPubKey: SCRIPT }], lockTime })
}

describe('the orphanage', () => {
  it('finds orphans by their id and by their parents, latest first where that matters', () => {
    const orphanage = new Orphanage()
    const parent = orphan(1)
    const [one, two] = [childOf([parent], 1), childOf([parent], 2)]
    for (const each of [one, two]) assert.equal(orphanage.add(each, 'a', 0), true)
    assert.deepEqual(orphanage.childrenOf(parent), [one, two])
    assert.deepEqual(orphanage.childrenFrom(parent, 'a'), [two, one])
    assert.deepEqual(orphanage.childrenFrom(parent, 'b'), [])
    assert.equal(orphanage.get(one.wtxid)?.transaction, one)
    orphanage.remove(one.wtxid)
    assert.deepEqual(orphanage.childrenOf(parent), [two])
  })

  it('keeps an orphan as long as one of its peers is here', () => {
    const orphanage = new Orphanage()
    const each = orphan(1)
    orphanage.add(each, 'a', 0)
    orphanage.add(each, 'b', 0)
    assert.equal(orphanage.weight, each.weight)
    orphanage.removePeer('a')
    assert.deepEqual([...orphanage.get(each.wtxid)!.peers], ['b'])
    orphanage.removePeer('b')
    assert.equal(orphanage.size, 0)
    assert.equal(orphanage.weight, 0)
  })

  it('forgets orphans after twenty minutes', () => {
    const orphanage = new Orphanage()
    orphanage.add(orphan(1), 'a', 1_000)
    orphanage.add(orphan(2), 'a', 1_600)
    orphanage.expire(1_000 + 1_200)
    assert.equal(orphanage.size, 2)
    orphanage.expire(1_000 + 1_201)
    assert.equal(orphanage.size, 1)
  })

  it('takes none that the mempool would find too large', () => {
    assert.equal(new Orphanage().add(orphan(1, 1, 100_000), 'a', 0), false)
  })

  it('lets a flood push out nothing but itself, by number', () => {
    const orphanage = new Orphanage({ latencyScore: 20 })
    const honest = Array.from({ length: 5 }, (_, i) => orphan(1_000 + i))
    for (const each of honest) orphanage.add(each, 'honest', 0)
    for (let i = 0; i < 200; i++) orphanage.add(orphan(i), 'flood', 0)
    assert.equal(
      honest.every(each => orphanage.has(each.wtxid)),
      true,
    )
    assert.equal(orphanage.size, 20)
    assert.equal(orphanage.has(orphan(199).wtxid), true, 'the latest of the flood')
    assert.equal(orphanage.has(orphan(100).wtxid), false, 'an old one of the flood')
  })

  it('lets a flood push out nothing but itself, by weight', () => {
    const orphanage = new Orphanage({ weightPerPeer: 40_000 })
    const honest = orphan(1_000, 1, 9_000)
    orphanage.add(honest, 'honest', 0)
    for (let i = 0; i < 50; i++) orphanage.add(orphan(i, 1, 9_000), 'flood', 0)
    assert.equal(orphanage.has(honest.wtxid), true)
    assert.ok(orphanage.weight <= 2 * 40_000)
  })

  it('keeps no more than fits into the shares of those who are left', () => {
    const orphanage = new Orphanage({ weightPerPeer: 10_000 })
    orphanage.add(orphan(1, 1, 250), 'leaver', 0)
    for (let i = 2; i < 4; i++) orphanage.add(orphan(i, 1, 1_500), 'stayer', 0)
    assert.equal(orphanage.weight > 10_000, true)
    orphanage.removePeer('leaver')
    assert.equal(orphanage.weight <= 10_000, true)
  })

  it('keeps its accounts whatever comes, and never exceeds its limits', () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'remove', 'leave'),
      number: fc.nat(30),
      inputs: fc.integer({ min: 1, max: 25 }),
      peer: fc.constantFrom('a', 'b', 'c'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), steps => {
        const limits = { latencyScore: 12, weightPerPeer: 6_000 }
        const orphanage = new Orphanage(limits)
        for (const { kind, number, inputs, peer } of steps) {
          const each = orphan(number, inputs)
          if (kind === 'add') orphanage.add(each, peer, 0)
          else if (kind === 'remove') orphanage.remove(each.wtxid)
          else orphanage.removePeer(peer)
          const kept = [...orphanage.entries()]
          const weight = kept.reduce((sum, { transaction }) => sum + transaction.weight, 0)
          const score = kept.reduce(
            (sum, { transaction, peers }) => sum + peers.size + Math.floor(transaction.inputs.length / 10),
            0,
          )
          const peers = new Set(kept.flatMap(entry => [...entry.peers]))
          assert.equal(orphanage.weight, weight)
          assert.ok(score <= limits.latencyScore)
          assert.ok(weight <= limits.weightPerPeer * peers.size)
          for (const { transaction } of kept) {
            const { previousOutput } = transaction.inputs[0]!
            const parent = { txid: previousOutput.txid, outputs: [1] } as unknown as Transaction
            assert.ok(orphanage.childrenOf(parent).includes(transaction))
          }
        }
      }),
    )
  })
})
