import assert from 'node:assert/strict'
import { type BlockHeader, HeaderTree, REGTEST } from '@onehop/ledger'
import { bytesKey, OK } from '@onehop/primitives'
import { HeaderIntake } from '../src/header-intake.ts'
import { MAX_BRANCH_DEPTH_BLOCKS, MAX_HEADERS_AHEAD, MAX_HEADERS_PER_CALL } from '../src/limits.ts'
import { headersOn, lazyHeaderOn } from './support/headers.ts'
import { GENESIS, NOW_SECONDS } from './support/regtest.ts'

const BATCH = MAX_HEADERS_PER_CALL
const HEIGHT = 3 * BATCH

/** A tree whose first branch is the active chain. */
class Scene {
  readonly tree = new HeaderTree(REGTEST)
  private readonly active: readonly BlockHeader[]

  constructor(active: readonly BlockHeader[]) {
    this.active = active
    this.add(active)
  }

  open(): HeaderIntake {
    return new HeaderIntake({
      tree: this.tree,
      tip: () => this.tree.get(this.active.at(-1)!.hash)!,
      add: headers => this.add(headers),
      nowSeconds: () => NOW_SECONDS,
      salt: () => new Uint8Array(16).fill(3),
    })
  }

  /** Headers that are kept beside the active chain. */
  get others(): number {
    return this.tree.size - 1 - this.active.length
  }

  private add(headers: readonly BlockHeader[]) {
    for (const header of headers) {
      const added = this.tree.add(header, NOW_SECONDS)
      if (!added.ok) return added
    }
    return OK
  }
}

/** Answers as a peer on these headers does, after the first of the locator that it knows. */
function fetchAll(intake: HeaderIntake, headers: readonly BlockHeader[]): { end: string; sent: number } {
  const places = new Map(headers.map(({ hash }, i) => [bytesKey(hash), i + 1]))
  for (let sent = 0; sent < 10 * headers.length; ) {
    const known = intake
      .locator()
      .map(hash => places.get(bytesKey(hash)))
      .find(place => place !== undefined)
    const batch = headers.slice(known ?? 0).slice(0, BATCH)
    sent += batch.length
    const result = intake.take(batch, batch.length === BATCH)
    if (!result.ok) return { end: `${result.blame}: ${result.code}`, sent }
    if (result.value.next !== 'more') return { end: result.value.next, sent }
  }
  throw new Error('the intake has no end')
}

describe('an intake of headers', () => {
  const active = headersOn(GENESIS, HEIGHT)
  const tip = active.at(-1)!
  let scene: Scene

  beforeEach(() => {
    scene = new Scene(active)
  })

  it('keeps what goes beyond the active chain', () => {
    const headers = headersOn(tip, BATCH + 5, 2)
    assert.deepEqual(fetchAll(scene.open(), headers), { end: 'nothing', sent: headers.length })
    assert.equal(scene.others, headers.length)
  })

  it('has nothing to do with a peer that has nothing more', () => {
    assert.deepEqual(fetchAll(scene.open(), active), { end: 'nothing', sent: 0 })
  })

  it('keeps a branch with a little less work than the active chain', () => {
    const headers = headersOn(active.at(-MAX_BRANCH_DEPTH_BLOCKS - 1)!, 1, 2)
    assert.equal(fetchAll(scene.open(), headers).end, 'nothing')
    assert.equal(scene.others, 1)
  })

  it('keeps nothing of a branch with much less work, however long', () => {
    const below = headersOn(active.at(-MAX_BRANCH_DEPTH_BLOCKS - 3)!, 1, 2)
    assert.equal(fetchAll(scene.open(), below).end, 'nobody: too-little-chainwork')
    const long = headersOn(GENESIS, HEIGHT - MAX_BRANCH_DEPTH_BLOCKS - 1, 2)
    assert.equal(fetchAll(scene.open(), long).end, 'nobody: too-little-chainwork')
    assert.equal(scene.others, 0)
  })

  it('keeps a branch from far below once it was sent twice', () => {
    const headers = headersOn(GENESIS, HEIGHT + 1, 2)
    const { end, sent } = fetchAll(scene.open(), headers)
    assert.equal(end, 'nothing')
    assert.ok(sent > HEIGHT + BATCH, `${sent} headers were sent`)
    assert.equal(scene.others, HEIGHT + 1)
    assert.equal(scene.tree.best.hash, headers.at(-1)!.hash)
  })

  it('pauses when headers are far ahead of the blocks, and says until when', () => {
    const headers = headersOn(tip, MAX_HEADERS_AHEAD + 2 * BATCH, 2)
    const intake = scene.open()
    assert.equal(fetchAll(intake, headers).end, 'later')
    assert.equal(scene.others, MAX_HEADERS_AHEAD + BATCH)
    assert.equal(scene.tree.best.hash, headers[scene.others - 1]!.hash)
  })

  it('blames who sends a header without proof of work, also where none would be kept', () => {
    const short = headersOn(tip, 3, 2)
    assert.equal(fetchAll(scene.open(), [...short, lazyHeaderOn(short.at(-1)!)]).end, 'sender: high-hash')
    const old = headersOn(GENESIS, BATCH - 1, 2)
    assert.equal(fetchAll(scene.open(), [...old, lazyHeaderOn(old.at(-1)!)]).end, 'sender: high-hash')
    assert.equal(scene.others, 0)
  })

  it('keeps nothing for work that a header only claims', () => {
    const old = headersOn(GENESIS, BATCH - 1, 2)
    const claims = lazyHeaderOn(old.at(-1)!, 0x0101_0000)
    assert.equal(fetchAll(scene.open(), [...old, claims]).end, 'sender: high-hash')
    assert.equal(scene.others, 0)
  })

  it('keeps nothing because a known header, or many, come after it out of order', () => {
    const old = headersOn(GENESIS, BATCH - 1, 2)
    const end = scene.open().take([...old, tip], true)
    assert.equal(end.ok ? 'OK' : `${end.blame}: ${end.code}`, 'sender: non-continuous headers sequence')
    assert.equal(scene.others, 0)
  })

  it('ends when an answer does not lead on', () => {
    const intake = scene.open()
    const first = active.slice(0, BATCH)
    assert.deepEqual(intake.take(first, true), { ok: true, value: { next: 'more' } })
    const again = intake.take(first, true)
    assert.equal(again.ok ? 'OK' : again.code, 'headers-changed')
  })

  it('does not wait for the rest of a branch whose peer has no more of it', () => {
    const intake = scene.open()
    assert.ok(intake.take(headersOn(GENESIS, BATCH, 2), true).ok)
    const rest = intake.take([], false)
    assert.equal(rest.ok ? 'OK' : rest.code, 'too-little-chainwork')
  })

  it('blames nobody for headers that begin at a block that we do not know', () => {
    const [, second] = headersOn(tip, 2, 2)
    assert.equal(fetchAll(scene.open(), [second!]).end, 'nobody: prev-blk-not-found')
  })
})
