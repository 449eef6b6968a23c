import assert from 'node:assert/strict'
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS, type PeerKey, TitForTatChoker } from '@onehop/swarm'
import { ChokingRounds, chokerPeer, inSlot } from './choking-round.ts'

const crowd = (count: number) => Array.from({ length: count }, (_, i) => chokerPeer(i + 1))
/** Peer 1 gives 1 byte a second, peer 2 two, and so on. */
const givers = (count: number) => crowd(count).map(peer => ({ ...peer, downloadBytesPerSecond: peer.key }))

describe('tit-for-tat', () => {
  it('gives its four regular slots to those that send most, and one more in turn', () => {
    const decisions = new ChokingRounds(new TitForTatChoker(), givers(8)).choose()
    assert.deepEqual(inSlot(decisions, 'regular'), [5, 6, 7, 8])
    assert.equal(inSlot(decisions, 'optimistic').length, 1)
  })

  it('says of every peer why it is served or not', () => {
    const peers = [...givers(6), chokerPeer(7, { interested: false }), chokerPeer(8, { snubbing: true })]
    const decisions = new ChokingRounds(new TitForTatChoker(), peers).choose()
    assert.equal(decisions.size, 8)
    const reasons = new Set([...decisions.values()].map(({ reason }) => reason))
    assert.ok(reasons.has('among those that give most'))
    assert.equal(decisions.get(7 as PeerKey)?.reason, 'wants nothing from us')
    for (const reason of reasons) assert.match(reason, /^[a-z].*[a-z]$/)
  })

  it('judges every 10 seconds and not between', () => {
    const rounds = new ChokingRounds(new TitForTatChoker(), givers(8))
    rounds.choose()
    rounds.change(1, { downloadBytesPerSecond: 100 })
    assert.ok(!inSlot(rounds.pass(CHOKE_INTERVAL_MS - 1000), 'regular').includes(1))
    assert.ok(inSlot(rounds.pass(1000), 'regular').includes(1))
  })

  it('fills a slot that becomes free at once, with the next best', () => {
    const rounds = new ChokingRounds(new TitForTatChoker(), givers(8))
    const turn = inSlot(rounds.choose(), 'optimistic')
    rounds.change(8, { interested: false })
    const next = inSlot(rounds.choose(), 'regular')
    assert.deepEqual(next, [4, 5, 6, 7], `the turn was ${turn}`)
  })

  it('gives back its slot at once to a good peer that wants again', () => {
    const rounds = new ChokingRounds(new TitForTatChoker(), givers(8))
    rounds.choose()
    rounds.change(8, { interested: false })
    rounds.choose()
    rounds.change(8, { interested: true })
    assert.deepEqual(inSlot(rounds.choose(), 'regular'), [5, 6, 7, 8])
  })

  it('keeps an optimistic slot for 30 seconds', () => {
    const rounds = new ChokingRounds(new TitForTatChoker(), givers(8))
    const first = inSlot(rounds.choose(), 'optimistic')
    assert.deepEqual(inSlot(rounds.pass(OPTIMISTIC_INTERVAL_MS - 1000), 'optimistic'), first)
    assert.notDeepEqual(inSlot(rounds.pass(1000), 'optimistic'), first)
  })

  it('serves everybody optimistically before anybody a second time', () => {
    const rounds = new ChokingRounds(new TitForTatChoker(), givers(24))
    const served = new Set<number>()
    rounds.pass(20 * OPTIMISTIC_INTERVAL_MS, decisions => {
      for (const key of inSlot(decisions, 'optimistic')) served.add(key)
    })
    assert.deepEqual(
      [...served].sort((a, b) => a - b),
      givers(20).map(({ key }) => key),
    )
  })

  it('serves who snubs it optimistically only, and gives the slots that nobody earns in turn', () => {
    const snubbers = crowd(8).map(peer => ({ ...peer, snubbing: true, downloadBytesPerSecond: 9 }))
    const decisions = new ChokingRounds(new TitForTatChoker(), [...snubbers, chokerPeer(9)]).choose()
    assert.deepEqual(inSlot(decisions, 'regular'), [9])
    assert.equal(inSlot(decisions, 'optimistic').length, 4)
  })

  it('does not serve who wants nothing', () => {
    const peers = givers(3).map(peer => ({ ...peer, interested: false }))
    assert.deepEqual(inSlot(new ChokingRounds(new TitForTatChoker(), peers).choose(), 'choked'), [1, 2, 3])
  })

  it('has as many slots as its upload fills', () => {
    const slotsAt = (limit: number | undefined, peak = 0) => {
      const rounds = new ChokingRounds(new TitForTatChoker(), givers(60))
      rounds.uploadLimitBytesPerSecond = limit
      rounds.uploadPeakBytesPerSecond = peak
      return inSlot(rounds.choose(), 'regular').length
    }
    assert.deepEqual(
      [5_000, 12_000, 30_000].map(limit => slotsAt(limit)),
      [2, 3, 4],
    )
    assert.equal(slotsAt(1_000_000), 24)
    assert.equal(slotsAt(undefined, 1_000), 4, 'who has sent little does not lose slots')
    assert.equal(slotsAt(undefined, 1_000_000), 24)
    assert.equal(slotsAt(undefined, 100_000_000), 32)
  })

  describe('seeding', () => {
    const takers = (count: number) => crowd(count).map(peer => ({ ...peer, uploadBytesPerSecond: peer.key }))
    const seed = (count: number) => {
      const rounds = new ChokingRounds(new TitForTatChoker(), takers(count))
      rounds.seeding = true
      return rounds
    }

    it('serves those that take fastest', () => {
      assert.deepEqual(inSlot(seed(9).choose(), 'regular'), [7, 8, 9])
    })

    it('lets nobody starve', () => {
      const served = new Set<number>()
      seed(40).pass(20 * OPTIMISTIC_INTERVAL_MS, decisions => {
        for (const key of inSlot(decisions, 'regular', 'optimistic')) served.add(key)
      })
      assert.equal(served.size, 40)
    })

    it('does not mind who gives nothing', () => {
      const rounds = seed(9)
      rounds.change(9, { snubbing: true })
      assert.deepEqual(inSlot(rounds.choose(), 'regular'), [7, 8, 9])
    })
  })
})
