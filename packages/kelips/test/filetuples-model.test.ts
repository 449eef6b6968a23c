import assert from 'node:assert/strict'
import { encodePointer, type Pointer, pointerName } from '@onehop/overlay'
import { bytesToHex, equalBytes, SeededRandom } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { Filetuples } from '../src/filetuples.ts'
import {
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_PROVIDER,
  MAX_POINTERS_PER_PROVIDER,
} from '../src/index.ts'
import { makeTables } from '../src/tables.ts'
import { randomPointer } from './table-memory.ts'

const random = new SeededRandom(4)
const KEYS = Array.from({ length: 6 }, (_, i) => random.bytes(32).fill(i * 40, 0, 1))
const PROVIDERS = [
  ...Array.from({ length: 4 }, () => randomPointer(random, KEYS[0]!).provider),
  random.bytes(34),
]
const TARGETS = [undefined, random.bytes(34), random.bytes(34)]

/** Any pointer of few keys and providers, with all that may be in one. */
const anyPointer: fc.Arbitrary<Pointer> = fc
  .record({
    key: fc.constantFrom(...KEYS),
    provider: fc.constantFrom(...PROVIDERS),
    target: fc.constantFrom(...TARGETS),
    sequence: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2 ** 47, max: 2 ** 53 - 1 })),
    expiresAt: fc.integer({ min: 1, max: 60 }),
    addresses: fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 3 }),
    displayName: fc.option(fc.string({ unit: 'binary', maxLength: 20 }), { nil: undefined }),
    bytes: fc.option(fc.integer({ min: 1, max: 2 ** 53 - 1 }), { nil: undefined }),
    withdrawn: fc.boolean(),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  })
  .map(({ target, displayName, bytes, withdrawn, ...rest }) => ({
    version: 1,
    kind: target === undefined ? ('content' as const) : ('word' as const),
    ...rest,
    ...(target === undefined ? {} : { target }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(withdrawn ? { withdrawn: true as const } : {}),
  }))

type Step =
  | { readonly kind: 'put'; readonly pointer: Pointer }
  | { readonly kind: 'expire'; readonly nowS: number }
  | { readonly kind: 'retain'; readonly low: number }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: anyPointer.map(pointer => ({ kind: 'put' as const, pointer })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }).map(nowS => ({ kind: 'expire' as const, nowS })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 6 }).map(i => ({ kind: 'retain' as const, low: i * 2 ** 28 })),
  },
)

/** What the tables are to do, written down in the plainest way. */
class Model {
  pointers = new Map<string, Pointer>()

  put(pointer: Pointer): string {
    const name = pointerName(pointer)
    const known = this.pointers.get(name)
    if (known !== undefined && pointer.sequence <= known.sequence)
      return pointer.sequence === known.sequence ? 'known' : 'stale'
    this.pointers.set(name, pointer)
    return known !== undefined && known.withdrawn === pointer.withdrawn ? 'fresher' : 'new'
  }

  keep(isKept: (pointer: Pointer) => boolean): void {
    for (const [name, pointer] of this.pointers) if (!isKept(pointer)) this.pointers.delete(name)
  }

  find(key: Uint8Array, nowS: number): Pointer[] {
    return [...this.pointers.values()].filter(
      pointer => equalBytes(pointer.key, key) && pointer.expiresAt > nowS && !pointer.withdrawn,
    )
  }
}

function texts(pointers: Iterable<Pointer>): string[] {
  return [...pointers].map(pointer => bytesToHex(encodePointer(pointer))).sort()
}

function apply(step: Step, table: Filetuples, model: Model): void {
  if (step.kind === 'put') {
    const { pointer } = step
    const before = model.pointers.get(pointerName(pointer))
    assert.equal(table.versionOf(pointer)?.sequence, before?.sequence)
    assert.equal(table.put(pointer), model.put(pointer))
    assert.equal(table.versionOf(pointer)?.sequence, model.pointers.get(pointerName(pointer))?.sequence)
  } else if (step.kind === 'expire') {
    table.expire(step.nowS)
    model.keep(({ expiresAt }) => expiresAt > step.nowS)
    for (const key of KEYS)
      assert.deepEqual(texts(table.find(key, step.nowS, 99)), texts(model.find(key, step.nowS)))
    model.pointers = new Map([...table.all()].map(pointer => [pointerName(pointer), pointer]))
  } else {
    table.retain(hash32 => hash32 >= step.low)
    model.keep(({ key }) => key[0]! * 2 ** 24 >= step.low)
  }
  assert.equal(table.size, model.pointers.size)
}

for (const kind of ['shared', 'packed'] as const) {
  const makeTable = () => makeTables(kind, random.next).filetuples

  describe(`${kind} filetuples`, () => {
    it('do what a plain map of pointers does, whatever comes in whatever order', () => {
      fc.assert(
        fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), steps => {
          const table = makeTable()
          const model = new Model()
          for (const step of steps) apply(step, table, model)
          assert.deepEqual(texts(table.all()), texts(model.pointers.values()))
        }),
        { numRuns: 60 },
      )
    })

    it('are all there page by page, in key order, also where the range wraps', () => {
      const table = makeTable()
      for (let i = 0; i < 3_000; i++) table.put(randomPointer(random, random.bytes(32)))
      for (const [low, high] of [
        [0x1000_0000, 0x7fff_ffff],
        [0xe000_0000, 0x3000_0000],
        [0, 0xffff_ffff],
      ] as const) {
        const inside = [...table.all()].filter(({ key }) => {
          const hash32 = new DataView(key.buffer, key.byteOffset).getUint32(0)
          return low <= high ? hash32 >= low && hash32 <= high : hash32 >= low || hash32 <= high
        })
        const seen: Pointer[] = []
        for (let more = true; more; ) {
          const page = table.page({ low, high, after: seen.at(-1)?.key }, 30_000, () => 100)
          assert.ok(page.pointers.length <= 300 && (page.pointers.length > 0 || !page.more))
          seen.push(...page.pointers)
          more = page.more
        }
        assert.deepEqual(
          seen.map(({ key }) => bytesToHex(key)),
          inside.map(({ key }) => bytesToHex(key)).sort(),
        )
      }
    })

    it('never exceed their limits', () => {
      const table = makeTable()
      const [key, provider] = [KEYS[0]!, PROVIDERS[0]!]
      const crowd = () => ({ ...randomPointer(random, key), kind: 'word' as const, target: random.bytes(34) })
      for (let i = 0; i < 30; i++) {
        const result = table.put({ ...crowd(), provider })
        assert.equal(result, i < MAX_POINTERS_PER_KEY_AND_PROVIDER ? 'new' : 'full')
      }
      while (table.size < MAX_POINTERS_PER_KEY) assert.equal(table.put(crowd()), 'new')
      assert.equal(table.put(crowd()), 'full')
      assert.equal(table.put(randomPointer(random, KEYS[1]!)), 'new')
    })

    it('give no provider more than its share of the table', () => {
      const table = makeTable()
      const template = randomPointer(random, KEYS[0]!)
      const key = (i: number) => Uint8Array.from({ length: 32 }, (_, at) => i >>> (8 * (3 - (at % 4))))
      for (let i = 0; i < MAX_POINTERS_PER_PROVIDER; i++) table.put({ ...template, key: key(i) })
      assert.equal(table.size, MAX_POINTERS_PER_PROVIDER)
      assert.equal(table.put({ ...template, key: key(1e6) }), 'full')
      assert.equal(table.put({ ...template, provider: PROVIDERS[1]!, key: key(1e6) }), 'new')
      table.delete(0)
      assert.equal(table.put({ ...template, key: key(2e6) }), 'new')
      assert.equal(table.put({ ...template, key: key(3e6) }), 'full')
    })
  })
}
