import assert from 'node:assert/strict'
import {
  BAN_DURATION_MS,
  BAN_THRESHOLD_POINTS,
  MAX_PENALISED_PEERS,
  PENALTY_HALF_LIFE_MS,
  PenaltyLedger,
} from '../src/index.ts'

describe('the penalty ledger', () => {
  let nowMs = 0
  let ledger = new PenaltyLedger(() => nowMs)
  let bans: string[] = []

  beforeEach(() => {
    nowMs = 1_000
    ledger = new PenaltyLedger(() => nowMs)
    bans = []
    ledger.onBan((peerId, reason) => bans.push(`${peerId}: ${reason}`))
  })

  it('bans at the threshold, once, and says why', () => {
    ledger.penalise('mallory', BAN_THRESHOLD_POINTS - 1, 'small things')
    assert.equal(ledger.isBanned('mallory'), false)
    ledger.penalise('mallory', 5, 'the last straw')
    ledger.penalise('mallory', 5, 'more')
    assert.equal(ledger.isBanned('mallory'), true)
    assert.deepEqual(bans, ['mallory: the last straw'])
    assert.equal(ledger.score('alice'), 0)
  })

  it('forgets: points halve with time', () => {
    ledger.penalise('bob', 80, 'a mistake')
    nowMs += PENALTY_HALF_LIFE_MS
    assert.equal(ledger.score('bob'), 40)
    ledger.penalise('bob', 50, 'another')
    assert.equal(ledger.isBanned('bob'), false)
    nowMs += 20 * PENALTY_HALF_LIFE_MS
    assert.equal(ledger.score('bob'), 0)
  })

  it('ends a ban in time, with a clean slate', () => {
    ledger.penalise('mallory', BAN_THRESHOLD_POINTS, 'a lie')
    nowMs += BAN_DURATION_MS - 1
    assert.deepEqual(ledger.banned(), ['mallory'])
    nowMs += 1
    assert.deepEqual(ledger.banned(), [])
    assert.equal(ledger.score('mallory'), 0)
  })

  it('can ban and unban by hand', () => {
    ledger.ban('carol', 'a test', 10)
    assert.equal(ledger.isBanned('carol'), true)
    ledger.unban('carol')
    assert.equal(ledger.isBanned('carol'), false)
  })

  it('holds a bounded number of peers', () => {
    for (let i = 0; i < 2 * MAX_PENALISED_PEERS; i++)
      ledger.penalise(`peer ${i}`, BAN_THRESHOLD_POINTS, 'a flood')
    assert.equal(ledger.banned().length, MAX_PENALISED_PEERS)
  })
})
