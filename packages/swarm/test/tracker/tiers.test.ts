import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import {
  type AnnounceAnswer,
  type AnnounceEvent,
  isTrackerUrl,
  MAX_TRACKERS,
  TrackerTiers,
} from '@onehop/swarm'

const ANSWER: AnnounceAnswer = { intervalSeconds: 600, peers: [] }

/** Trackers that answer or fail, and a clock that jumps to what is due next. */
class Scene {
  nowMs = 0
  readonly failing = new Set<string>()
  /** What was asked: `<seconds> <url> <event>`. */
  readonly asked: string[] = []
  readonly tiers = new TrackerTiers(new SeededRandom(5).next)
  answer = ANSWER

  constructor(...tiers: string[][]) {
    this.tiers.add(
      tiers.map(tier => tier.map(name => `http://${name}/announce`)),
      0,
    )
  }

  /** Answers what is due, up to a time. */
  runUntil(endMs: number): void {
    for (;;) {
      for (const { tier, due } of this.tiers.take(this.nowMs)) {
        const name = new URL(due.tracker.url).host
        this.note(name, due.event)
        if (this.failing.has(name)) tier.onFailure(due, 'it is dead', this.nowMs)
        else tier.onAnswer(due, this.answer, this.nowMs)
      }
      if (this.tiers.nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, this.tiers.nextMs)
    }
    this.nowMs = endMs
  }

  private note(name: string, event: AnnounceEvent | undefined): void {
    this.asked.push([this.nowMs / 1000, name, ...(event ? [event] : [])].join(' '))
  }
}

describe('the trackers of a torrent', () => {
  it('hear that we have started, and then from us at their interval', () => {
    const scene = new Scene(['a'])
    scene.runUntil(1_200_000)
    assert.deepEqual(scene.asked, ['0 a started', '600 a', '1200 a'])
  })

  it('are asked in the order of their tier until one answers, which then comes first (BEP 12)', () => {
    const scene = new Scene(['a', 'b', 'c'])
    const order = scene.tiers.status().map(({ url }) => new URL(url).host)
    const [first, second] = order as [string, string]
    scene.failing.add(first)
    scene.runUntil(600_000)
    assert.deepEqual(scene.asked, [`0 ${first} started`, `0 ${second} started`, `600 ${second}`])
    scene.failing.delete(first)
    scene.failing.add(second)
    scene.runUntil(1_200_000)
    assert.deepEqual(scene.asked.slice(3), [`1200 ${second}`, `1200 ${first} started`])
  })

  it('are asked tier by tier side by side', () => {
    const scene = new Scene(['a'], ['b'])
    scene.failing.add('a')
    scene.runUntil(1000)
    assert.deepEqual(scene.asked, ['0 a started', '0 b started'])
  })

  it('are left alone longer each time when all of a tier fail', () => {
    const scene = new Scene(['a'])
    scene.failing.add('a')
    scene.runUntil(300_000)
    assert.deepEqual(
      scene.asked.map(each => Number.parseInt(each, 10)),
      [0, 15, 45, 105, 225],
    )
  })

  it('hear at once that all is here, if they knew us as a leecher', () => {
    const scene = new Scene(['a'], ['b'])
    scene.failing.add('b')
    scene.runUntil(1000)
    scene.tiers.completed(scene.nowMs)
    scene.failing.delete('b')
    scene.runUntil(100_000)
    assert.deepEqual(scene.asked, ['0 a started', '0 b started', '1 a completed', '15 b started'])
  })

  it('are asked again soon when peers are missing, but not before they allow it', () => {
    const scene = new Scene(['a'])
    scene.answer = { ...ANSWER, minIntervalSeconds: 100 }
    scene.runUntil(1000)
    scene.tiers.needPeers(scene.nowMs)
    scene.runUntil(99_999)
    assert.equal(scene.asked.length, 1)
    scene.runUntil(100_000)
    assert.deepEqual(scene.asked.slice(1), ['100 a'])
  })

  it('are not flooded when they say so, nor forgotten for years', () => {
    const scene = new Scene(['a'])
    scene.answer = { intervalSeconds: 0, peers: [] }
    scene.runUntil(20_000)
    assert.deepEqual(scene.asked, ['0 a started', '10 a', '20 a'])
    scene.answer = { intervalSeconds: 1e9, peers: [] }
    scene.runUntil(30_000)
    assert.equal(scene.tiers.nextMs, 30_000 + 86_400_000)
  })

  it('hear that we leave, if they know us or may know us by now', () => {
    const scene = new Scene(['a'], ['b'], ['c'])
    scene.failing.add('b')
    scene.runUntil(0)
    scene.tiers.add([['http://d/announce']], 0)
    scene.tiers.take(0)
    const told = scene.tiers.leave().map(({ url }) => new URL(url).host)
    assert.deepEqual(told, ['a', 'c', 'd'])
    assert.equal(scene.tiers.nextMs, Number.POSITIVE_INFINITY)
    scene.tiers.restart(5000)
    scene.runUntil(5000)
    assert.ok(scene.asked.includes('5 a started'))
  })

  it('are told to people as they stand', () => {
    const scene = new Scene(['a'], ['b'])
    scene.failing.add('b')
    scene.answer = { ...ANSWER, seeders: 2, leechers: 3, warning: 'soon closed' }
    scene.runUntil(0)
    assert.deepEqual(scene.tiers.status(), [
      {
        url: 'http://a/announce',
        tier: 0,
        state: 'working',
        peers: 0,
        seeders: 2,
        leechers: 3,
        message: 'soon closed',
        nextAnnounceMs: 600_000,
      },
      {
        url: 'http://b/announce',
        tier: 1,
        state: 'failing',
        peers: 0,
        message: 'it is dead',
        nextAnnounceMs: 15_000,
      },
    ])
  })

  it('are HTTP, HTTPS and UDP, each once, and not without bound', () => {
    assert.deepEqual(
      ['http://a', 'https://a', 'udp://a:1', 'wss://a', 'ftp://a', 'http://', 'javascript:1'].map(
        isTrackerUrl,
      ),
      [true, true, true, false, false, false, false],
    )
    const tiers = new TrackerTiers(Math.random)
    tiers.add([['http://a', 'http://a'], ['http://a']], 0)
    assert.equal(tiers.status().length, 1)
    tiers.add(
      Array.from({ length: 1000 }, (_, i) => [`http://${i}`]),
      0,
    )
    assert.equal(tiers.status().length, MAX_TRACKERS)
  })
})
