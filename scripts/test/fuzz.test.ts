import assert from 'node:assert/strict'
import { DecodeError } from '@onehop/primitives'
import { inputOf, TargetRun } from '../fuzz/runner.ts'
import { codecTarget, type Target } from '../fuzz/target.ts'
import { allTargets } from '../fuzz/targets/all-targets.ts'

const SEED = 20_260_731
const CASES = 1500
/** These take some ten milliseconds a case. */
const CHAIN_CASES = 150
const CHAIN_TARGETS = ['connect-block', 'mempool', 'orphans-and-packages']

async function findingOf(target: Target, cases: number): Promise<string> {
  const run = new TargetRun(target, SEED)
  let failure = await run.runSeeds()
  while (failure === undefined && run.cases < cases) failure = await run.next()
  if (failure === undefined) return 'none'
  const hex = Buffer.from(failure.input).toString('hex')
  return `${failure.reason}: --target ${failure.target} --seed ${SEED} --case ${failure.number} (${hex})`
}

describe('the fuzz harness', function () {
  this.timeout(300_000)
  let targets: Target[] = []
  before(async () => {
    targets = await allTargets({ vectors: false })
  })
  after(() => Promise.all(targets.map(target => target.close?.())))

  it('finds nothing in any target, with a fixed seed', async () => {
    assert(targets.length > 30)
    for (const target of targets) {
      const cases = CHAIN_TARGETS.includes(target.name) ? CHAIN_CASES : CASES
      assert.equal(await findingOf(target, cases), 'none', target.name)
    }
  })

  it('makes the same input of the same seed and number, and others of others', () => {
    const [target] = targets
    assert(target)
    assert.deepEqual(inputOf(target, 1, 2), inputOf(target, 1, 2))
    assert.notDeepEqual(inputOf(target, 1, 2), inputOf(target, 1, 3))
    assert.notDeepEqual(inputOf(target, 1, 2), inputOf(target, 2, 2))
  })

  const seeds = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(9, 9, 9, 9, 9, 9)]
  const bytes = (value: Uint8Array) => value
  const faults: readonly (readonly [string, Target, RegExp])[] = [
    [
      'an exception that is no DecodeError',
      codecTarget({
        name: 'x',
        seeds,
        decode: input => {
          if (input.length < 3) throw new RangeError('offset out of bounds')
          return input
        },
        encode: bytes,
      }),
      /threw RangeError: offset/,
    ],
    [
      'an encoding that is not the only one',
      codecTarget({
        name: 'x',
        seeds,
        decode: input => input[0]! & 0x7f,
        encode: value => Uint8Array.of(value),
        isCanonical: true,
      }),
      /is not the only one/,
    ],
    [
      'a decoder that changes its input',
      codecTarget({ name: 'x', seeds, decode: input => input.fill(0), encode: bytes }),
      /changed its input/,
    ],
    [
      'more than linear time',
      {
        name: 'x',
        seeds,
        limit: { baseMs: 5, microsecondsPerByte: 0 },
        run: () => {
          const before = process.cpuUsage()
          while (process.cpuUsage(before).user < 20_000);
        },
      },
      /took \d+ ms for/,
    ],
    [
      'memory by a length that the data only claims',
      {
        name: 'x',
        seeds,
        // Memory alone is judged: making so much of it takes a busy machine as long as it likes.
        limit: { baseMs: 60_000, microsecondsPerByte: 0 },
        run: () => void kept.push(new Uint8Array(50_000_000)),
      },
      /allocated \d+ MB for/,
    ],
    [
      'memory that is never given back',
      { name: 'x', seeds, run: () => void kept.push(new Uint8Array(100_000)) },
      /\d+ MB are kept/,
    ],
  ]
  const kept: Uint8Array[] = []

  for (const [what, target, expected] of faults) {
    it(`finds ${what}`, async () => {
      assert.match(await findingOf(target, 2000), expected)
      kept.length = 0
    })
  }

  it('lets a decoder refuse', async () => {
    const decode = () => {
      throw new DecodeError('no')
    }
    assert.equal(await findingOf(codecTarget({ name: 'x', seeds, decode }), 100), 'none')
  })
})
