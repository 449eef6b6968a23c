import assert from 'node:assert/strict'
import { type InfoHash, toInfoHash } from '@onehop/swarm'
import {
  LATE_REDIAL_DELAY_MS,
  MAX_CANDIDATES,
  MAX_DIAL_ATTEMPTS,
  MAX_DIALS,
  MAX_EXCHANGED_CANDIDATES,
  MAX_REDIAL_DELAY_MS,
  REDIAL_DELAY_MS,
  SEED_REDIAL_DELAY_MS,
} from '@onehop/swarm-io'
import { PeerPool } from '../../src/peers/peer-pool.ts'
import type { SessionConnections } from '../../src/peers/session-connections.ts'
import type { LinkEnd, TorrentLinks } from '../../src/peers/torrent-links.ts'
import { connectionPair } from '../connection-pair.ts'
import { from, searching } from '../session-scene.ts'

const NOTHING: LinkEnd = { wasUseful: false, isSeed: false, isOurselves: false }

/** A pool whose dials and connections the test decides on. */
class Stage {
  nowMs = 0
  isComplete = false
  readonly banned = new Set<string>()
  readonly connected = new Set<string>()
  /** Who was dialled, in order. */
  readonly dials: string[] = []
  /** Ends the connection to a peer. */
  readonly ends = new Map<string, (end: LinkEnd) => void>()
  readonly pool: PeerPool
  private readonly answer: 'refused' | 'silent' | 'open'

  constructor(answer: 'refused' | 'silent' | 'open') {
    this.answer = answer
    const links = {
      hasRoom: true,
      isConnectedTo: (peer: string, peerId?: string) =>
        this.connected.has(peer) || (peerId !== undefined && this.connected.has(peerId)),
      connect: (
        { remotePeer }: { remotePeer: string },
        _infohash: InfoHash,
        onGone: (end: LinkEnd) => void,
      ) => void this.ends.set(remotePeer, onGone),
    }
    const connections = {
      dialTcp: ({ host, port }: { host: string; port: number }) => this.dial(`${host}:${port}`),
      admitDial: () => true,
      releaseDial() {},
    }
    const stage = this
    this.pool = new PeerPool(
      {
        infohashes: [toInfoHash(new Uint8Array(20))],
        links: links as unknown as TorrentLinks,
        get isComplete() {
          return stage.isComplete
        },
        isBanned: identity => this.banned.has(identity),
        nowMs: () => this.nowMs,
      },
      connections as unknown as SessionConnections,
    )
    this.pool.start()
  }

  dial(peer: string) {
    this.dials.push(peer)
    if (this.answer === 'refused') return Promise.reject(new Error('refused'))
    if (this.answer === 'silent') return new Promise<never>(() => {})
    return Promise.resolve(connectionPair('us', peer)[0])
  }

  source(peerId: string) {
    return { peerId, connect: () => this.dial(peerId) }
  }

  /** Lets dials come to their end, and looks again after a while. */
  async pass(ms: number): Promise<void> {
    await settled()
    this.nowMs += ms
    this.pool.step()
    await settled()
  }
}

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

const LONG_MS = 60_000

describe('the pool of a torrent’s peers', () => {
  it('tries one that refuses with growing pauses, a few times, and once more when it is named again', async () => {
    const stage = new Stage('refused')
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 7 }], 'tracker')
    await stage.pass(REDIAL_DELAY_MS - 1)
    assert.equal(stage.dials.length, 1)
    await stage.pass(1)
    assert.equal(stage.dials.length, 2)
    for (let i = 0; i < 10; i++) await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, MAX_DIAL_ATTEMPTS)
    assert.equal(stage.pool.hasHope, false)
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 7 }], 'exchange')
    for (let i = 0; i < 3; i++) await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, MAX_DIAL_ATTEMPTS + 1)
    assert.equal(stage.pool.lastDialError, 'refused')
  })

  it('comes back to one that was of use, and to one given by hand, now and then for ever', async () => {
    const stage = new Stage('refused')
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 7 }], 'hand')
    for (let i = 0; i < MAX_DIAL_ATTEMPTS; i++) await stage.pass(LATE_REDIAL_DELAY_MS - 1)
    assert.equal(stage.dials.length, MAX_DIAL_ATTEMPTS)
    assert.equal(stage.pool.hasHope, false)
    await stage.pass(1)
    assert.equal(stage.dials.length, MAX_DIAL_ATTEMPTS + 1)
    for (let i = 0; i < 20; i++) await stage.pass(MAX_REDIAL_DELAY_MS)
    assert.equal(stage.dials.length, MAX_DIAL_ATTEMPTS + 21)
  })

  it('dials a few at a time, and remembers a bounded number', async () => {
    const stage = new Stage('silent')
    const many = Array.from({ length: MAX_CANDIDATES + 50 }, (_, i) => ({ host: '9.9.9.9', port: 1 + i }))
    stage.pool.offerAddresses(many, 'exchange')
    await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, MAX_DIALS)
    assert.equal(stage.pool.idleCount, MAX_EXCHANGED_CANDIDATES - MAX_DIALS)
    stage.pool.offerAddresses(
      many.map(({ port }) => ({ host: '8.8.8.8', port })),
      'tracker',
    )
    assert.equal(stage.pool.idleCount, MAX_CANDIDATES - MAX_DIALS)
  })

  it('believes users more than trackers, and trackers more than other peers', async () => {
    const stage = new Stage('refused')
    stage.pool.stop()
    const at = (port: number) => [{ host: '9.9.9.9', port }]
    stage.pool.offerAddresses(at(3), 'exchange')
    stage.pool.offerAddresses(at(2), 'tracker')
    stage.pool.offerAddresses(at(1), 'hand')
    stage.pool.start()
    await stage.pass(0)
    assert.deepEqual(stage.dials, ['9.9.9.9:1', '9.9.9.9:2', '9.9.9.9:3'])
  })

  it('leaves who is connected already, whatever it is called, and who is banned', async () => {
    const stage = new Stage('open')
    stage.connected.add('9.9.9.9:1')
    stage.banned.add('8.8.8.8')
    stage.pool.offerAddresses(
      [
        { host: '9.9.9.9', port: 1 },
        { host: '8.8.8.8', port: 1 },
        { host: '7.7.7.7', port: 1 },
      ],
      'tracker',
    )
    await stage.pass(0)
    assert.deepEqual(stage.dials, ['7.7.7.7:1'])
    stage.connected.add('aa')
    stage.ends.get('7.7.7.7:1')!({ ...NOTHING, peerId: 'aa', identity: '7.7.7.7' })
    await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, 1)
    stage.connected.delete('aa')
    await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, 2)
  })

  it('dials one again soon that was of use, and never ourselves', async () => {
    const stage = new Stage('open')
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 1 }], 'tracker')
    for (let i = 1; i <= 2 * MAX_DIAL_ATTEMPTS; i++) {
      await stage.pass(0)
      assert.equal(stage.dials.length, i)
      stage.ends.get('9.9.9.9:1')!({ ...NOTHING, wasUseful: true })
      await stage.pass(REDIAL_DELAY_MS)
    }
    stage.ends.get('9.9.9.9:1')!({ ...NOTHING, isOurselves: true })
    const before = stage.dials.length
    for (let i = 0; i < 3; i++) await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, before)
  })

  it('leaves other seeds alone for long while it seeds itself', async () => {
    const stage = new Stage('open')
    stage.isComplete = true
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 1 }], 'tracker')
    await stage.pass(0)
    stage.ends.get('9.9.9.9:1')!({ ...NOTHING, isSeed: true })
    await stage.pass(SEED_REDIAL_DELAY_MS - 1)
    assert.equal(stage.dials.length, 1)
    await stage.pass(LONG_MS)
    assert.equal(stage.dials.length, 2)
  })

  it('has hope as long as somebody searches, or has not been tried', async () => {
    const stage = new Stage('refused')
    assert.equal(stage.pool.hasHope, false)
    const call = new AbortController()
    const following = stage.pool.follow(searching(stage.source('12D3')), call.signal)
    await stage.pass(0)
    assert.equal(stage.pool.hasHope, true)
    call.abort()
    await following
    // The way to it was that of the search that is over.
    assert.equal(stage.pool.hasHope, false)
    await stage.pool.follow(from(stage.source('12D3')), new AbortController().signal)
    assert.equal(stage.pool.hasHope, true)
  })

  it('keeps only those of trackers, and those given by hand, when the torrent turns out to be private', async () => {
    const stage = new Stage('refused')
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 1 }], 'exchange')
    stage.pool.offerAddresses([{ host: '9.9.9.9', port: 2 }], 'tracker')
    await stage.pass(0)
    stage.pool.keepOnly(['tracker', 'hand'])
    const before = stage.dials.length
    await stage.pass(LONG_MS)
    assert.deepEqual(stage.dials.slice(before), ['9.9.9.9:2'])
  })
})
