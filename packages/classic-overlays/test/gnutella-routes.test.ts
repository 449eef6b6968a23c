import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { LAST_LINK, OWN, RouteTable, UNKNOWN } from '../src/gnutella/route-table.ts'

const LIFETIME_MS = 10_000
const START_MS = 1_767_225_600_000

function table(mostEntries = 1_024) {
  return new RouteTable({ lifetimeMs: LIFETIME_MS, mostEntries }, new SeededRandom(1).next, START_MS)
}

describe('the table of ways back', () => {
  it('knows what it has seen, and by which link it came first', () => {
    const routes = table()
    assert.equal(routes.add(1, 2, 7, START_MS), true)
    assert.equal(routes.add(1, 2, 8, START_MS), false)
    assert.equal(routes.linkOf(1, 2), 7)
    assert.equal(routes.linkOf(2, 1), UNKNOWN)
    routes.set(1, 2, OWN, START_MS)
    assert.equal(routes.linkOf(1, 2), OWN)
  })

  it('remembers everything for a lifetime, as long as there is room', () => {
    const random = new SeededRandom(2)
    const routes = table(65_536)
    const seen = Array.from({ length: 10_000 }, (_, i) => ({
      low: random.nextUint32() | 0,
      high: random.nextUint32() | 0,
      link: 1 + (i % LAST_LINK),
    }))
    for (const { low, high, link } of seen) assert.equal(routes.add(low, high, link, START_MS), true)
    for (const { low, high, link } of seen) {
      assert.equal(routes.linkOf(low, high), link)
      assert.equal(routes.add(low, high, link, START_MS + LIFETIME_MS - 1_000), false)
    }
    assert.equal(routes.size, seen.length)
  })

  it('stays within its limit under a flood, and forgets the oldest', () => {
    const random = new SeededRandom(3)
    const routes = table(256)
    for (let i = 0; i < 5_000; i++) {
      const [low, high] = [random.nextUint32() | 0, random.nextUint32() | 0]
      assert.equal(routes.add(low, high, 1, START_MS + i), true)
      assert.equal(routes.linkOf(low, high), 1)
      assert.ok(routes.size <= 256 && routes.byteLength <= 256 * 8)
    }
  })

  it('uses the room of what is too old again, without growing', () => {
    const random = new SeededRandom(4)
    const routes = table(65_536)
    for (let i = 0; i < 20_000; i++)
      routes.add(random.nextUint32() | 0, random.nextUint32() | 0, 1, START_MS + 250 * i)
    assert.ok(routes.byteLength <= 512 * 8, `${routes.byteLength} bytes for some 40 entries a lifetime`)
    assert.ok(routes.size <= 160, `${routes.size} entries`)
  })

  it('is not slowed down by ids that are made up to collide', () => {
    const routes = table(65_536)
    for (let i = 1; i <= 20_000; i++) assert.equal(routes.add(0x1234, i << 12, 1, START_MS), true)
    assert.equal(routes.size, 20_000)
  })

  it('answers as a plain map would, whatever is added, set and asked in a lifetime', () => {
    const operation = fc.record({
      isSet: fc.boolean(),
      low: fc.integer({ min: -50, max: 50 }),
      high: fc.integer({ min: -3, max: 3 }),
      link: fc.integer({ min: 1, max: OWN }),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 600, size: 'max' }), operations => {
        const routes = table(65_536)
        const model = new Map<string, number>()
        for (const { isSet, low, high, link } of operations) {
          const name = `${low}/${high}`
          if (isSet) routes.set(low, high, link, START_MS)
          else assert.equal(routes.add(low, high, link, START_MS), !model.has(name))
          if (isSet || !model.has(name)) model.set(name, link)
          assert.equal(routes.linkOf(low, high), model.get(name))
        }
        assert.equal(routes.size, model.size)
      }),
    )
  })
})
