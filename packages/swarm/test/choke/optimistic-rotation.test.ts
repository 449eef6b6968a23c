import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import { OptimisticRotation } from '../../src/choke/optimistic-rotation.ts'
import { chokerPeer } from './choking-round.ts'

const peers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => chokerPeer(from + i))

describe('the row of optimistic turns', () => {
  it('puts a newcomer at the front three times as often as at any other place', () => {
    const { next } = new SeededRandom(5)
    const trials = 4000
    let first = 0
    for (let i = 0; i < trials; i++) {
      const rotation = new OptimisticRotation()
      const old = peers(1, 9)
      rotation.choose(old, [], 1, 0, next)
      const [chosen] = rotation.choose([...old, chokerPeer(10)], [...old, chokerPeer(10)], 1, 0, next)
      if (chosen?.key === 10) first++
    }
    // 3 of the 9 + 3 equally likely draws; 5 standard deviations either way.
    assert.ok(
      Math.abs(first / trials - 3 / 12) < 5 * Math.sqrt((0.25 * 0.75) / trials),
      `${first} of ${trials}`,
    )
  })

  it('does not take who comes back for new', () => {
    const { next } = new SeededRandom(6)
    const rotation = new OptimisticRotation()
    const [cheat, ...others] = peers(1, 5)
    const all = [cheat!, ...others]
    const turns: number[] = []
    for (let turn = 0; turn < 40; turn++) {
      const nowMs = turn * 30_000
      rotation.choose(others, [], 1, nowMs, next)
      for (const { key } of rotation.choose(all, all, 1, nowMs, next)) turns.push(key)
    }
    assert.equal(turns.filter(key => key === 1).length, 8)
  })

  it('lets peers behind one address take turns at their place', () => {
    const { next } = new SeededRandom(8)
    const rotation = new OptimisticRotation()
    let all = [1, 2, 3].map(key => chokerPeer(key, { remotePeer: '203.0.113.7' }))
    const turns: number[] = []
    for (let second = 1; second <= 180; second++) {
      const nowMs = second * 1000
      const [chosen, ...others] = rotation.choose(all, all, 2, nowMs, next)
      assert.equal(others.length, 0)
      if (chosen!.key !== turns.at(-1)) turns.push(chosen!.key)
      all = all.map(peer => {
        const unchoked = peer.key === chosen!.key
        return { ...peer, unchoked, unchokedAtMs: unchoked && !peer.unchoked ? nowMs : peer.unchokedAtMs }
      })
    }
    assert.deepEqual(turns, [1, 2, 3, 1, 2, 3])
  })

  it('forgets those that are gone when there are very many', () => {
    const { next } = new SeededRandom(7)
    const rotation = new OptimisticRotation()
    for (let i = 0; i < 30; i++) rotation.choose(peers(i * 100, i * 100 + 99), [], 1, 0, next)
    const present = peers(1, 3)
    assert.equal(rotation.choose(present, present, 5, 0, next).size, 3)
  })
})
