import assert from 'node:assert/strict'
import type { Pointer } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import { type Identifier, identifierFromNumber, isInRange } from '../src/chord/identifiers.ts'
import { PointerIndex } from '../src/chord/pointer-index.ts'

const BITS = 8
const PROVIDERS = 3
const STEPS = 3_000

function pointOf({ key }: Pointer): Identifier {
  return identifierFromNumber(key[0]!, BITS)
}

function versionOf(random: SeededRandom, number: number): Pointer {
  const provider = Uint8Array.of(random.nextUint32() % PROVIDERS, 0)
  const key = new Uint8Array(32).fill(random.nextUint32() & 0xff, 0, 1)
  const common = { version: 1, kind: 'content', addresses: [], expiresAt: random.nextUint32() % 100 } as const
  return { ...common, key, provider, sequence: number, signature: random.bytes(64) }
}

describe('pointers in the order of their points', () => {
  for (const seed of [1, 2, 3])
    it(`are the same as a plain list’s, whatever comes and goes (seed ${seed})`, () => {
      const random = new SeededRandom(seed)
      const index = new PointerIndex()
      const model = new Map<string, Pointer>()
      for (let step = 0; step < STEPS; step++) {
        if (step % 500 === 499) {
          index.keep(({ expiresAt }) => expiresAt > 50)
          for (const [name, { expiresAt }] of model) if (expiresAt <= 50) model.delete(name)
        }
        const pointer = versionOf(random, step)
        index.put(pointOf(pointer), pointer)
        model.set(`${pointer.key[0]}/${pointer.provider[0]}`, pointer)
        if (step % 10 === 0) assertSame(index, model, random)
      }
    })
})

function assertSame(index: PointerIndex, model: ReadonlyMap<string, Pointer>, random: SeededRandom): void {
  assert.equal(index.size, model.size)
  const after = identifierFromNumber(random.nextUint32() & 0xff, BITS)
  const upTo = random.nextUint32() % 8 === 0 ? after : identifierFromNumber(random.nextUint32() & 0xff, BITS)
  const wanted = [...model.values()].filter(pointer => isInRange(after, pointOf(pointer), upTo))
  const found = [...index.inRange({ after, upTo })]
  const inOrder = (list: readonly Pointer[]) => list.map(({ sequence }) => sequence).sort((a, b) => a - b)
  assert.deepEqual(inOrder(found), inOrder(wanted))
  assert.deepEqual(
    [...index.inRange({ after, upTo }, 5)].map(({ sequence }) => sequence),
    found.slice(5).map(({ sequence }) => sequence),
  )
  let digest = 0
  for (const { signature } of wanted)
    digest ^= (signature[0]! << 24) | (signature[1]! << 16) | (signature[2]! << 8) | signature[3]!
  assert.deepEqual(index.digestOf({ after, upTo }), { count: wanted.length, digest: digest >>> 0 })
}
