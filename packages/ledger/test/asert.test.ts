import assert from 'node:assert/strict'
import {
  Block,
  BlockHeader,
  bitsOf,
  type HeaderNode,
  HeaderTree,
  isPermittedTransition,
  MAINNET,
  ONEHOP,
  REGTEST,
  requiredBits,
  targetOf,
} from '@onehop/ledger'
import fc from 'fast-check'
import { codeOf, headerFields, mine } from './regtest-chain.ts'

const HOUR = 3_600
const HALF_LIFE = 6 * HOUR
const START = 1_800_000_000
/** Harder than the easiest target, so that it can become easier. */
const ANCHOR_BITS = bitsOf(ONEHOP.powLimit >> 20n)

/** A chain of headers whose blocks have these times, from the second block on. Nobody checks their work. */
function tipOf(times: readonly number[]): HeaderNode {
  const { header } = ONEHOP.genesis
  const root = { height: 0, header, parent: undefined, skip: undefined } as unknown as HeaderNode
  return times.reduce<HeaderNode>((parent, time, i) => {
    const fields = { ...header, version: header.version, time, bits: ANCHOR_BITS }
    return { ...root, height: i + 1, header: new BlockHeader(fields), parent, hash: header.hash }
  }, root)
}

const nextBits = (times: readonly number[]) => requiredBits(tipOf(times), { time: 0 }, ONEHOP)
/** How much easier the next target is than the anchor's. */
const easier = (times: readonly number[]) =>
  Number((targetOf(nextBits(times)) * 1_000_000n) / targetOf(ANCHOR_BITS)) / 1_000_000
const onTime = (blocks: number) => Array.from({ length: blocks }, (_, i) => START + 600 * i)
const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value / expected - 1) < 0.0005, `${value}`)

describe('difficulty by a schedule', () => {
  it('starts with the second block, whenever that comes', () => {
    assert.equal(requiredBits(new HeaderTree(ONEHOP).best, { time: START }, ONEHOP), 0x1e00ffff)
    assert.equal(nextBits([START]), ANCHOR_BITS)
    assert.equal(nextBits([START + 1_000 * HOUR]), ANCHOR_BITS)
  })

  it('stays while blocks come in time', () => {
    for (const blocks of [1, 2, 100]) assert.equal(nextBits(onTime(blocks)), ANCHOR_BITS)
  })

  it('doubles and halves by half-lives, at every block', () => {
    const late = (seconds: number) => [...onTime(200), START + 600 * 200 + seconds]
    near(easier(late(HALF_LIFE)), 2)
    near(easier(late(3 * HALF_LIFE)), 8)
    near(easier(late(HALF_LIFE / 2)), Math.SQRT2)
    near(easier(late(-HALF_LIFE)), 0.5)
    near(easier(late(-600)), 2 ** (-600 / HALF_LIFE))
    near(easier([START, START]), 2 ** (-600 / HALF_LIFE))
  })

  it('depends on how many blocks there are by when, and not on how they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2_000 }), { minLength: 1, maxLength: 60 }), gaps => {
        const times = gaps.reduce<number[]>((all, gap) => all.concat(all.at(-1)! + gap), [START])
        const late = times.at(-1)! - START - 600 * gaps.length
        near(easier(times), 2 ** (late / HALF_LIFE))
      }),
    )
  })

  it('ends at the limits of targets', () => {
    assert.equal(nextBits([START, START + 30 * HALF_LIFE]), bitsOf(ONEHOP.powLimit))
    assert.equal(nextBits([START, 0xffff_ffff]), bitsOf(ONEHOP.powLimit))
    const ahead = [...Array.from({ length: 36 * 240 }, () => START)]
    assert.ok(targetOf(nextBits(ahead)) < 1n << 20n)
  })

  it('lets any target follow where headers are looked at without their times', () => {
    assert.ok(isPermittedTransition(7, ANCHOR_BITS, bitsOf(ONEHOP.powLimit), ONEHOP))
    assert.ok(!isPermittedTransition(7, ANCHOR_BITS, bitsOf(ONEHOP.powLimit), MAINNET))
  })

  it('is asked of headers', () => {
    const parameters = { ...REGTEST, asertHalfLifeSeconds: HALF_LIFE }
    const tree = new HeaderTree(parameters)
    const codeAfterBest = (time: number, bits = requiredBits(tree.best, { time }, parameters)) => {
      const { hash: previousBlock } = tree.best
      const fields = { ...headerFields(REGTEST.genesis), version: 0x2000_0000, previousBlock, time, bits }
      return codeOf(tree.add(mine(new Block(new BlockHeader(fields), [])).header, time))
    }
    const { bits } = REGTEST.genesis.header
    assert.equal(codeAfterBest(START), 'OK')
    assert.equal(codeAfterBest(START + 1), 'OK')
    // One block ahead of its time: the same target is too easy.
    assert.equal(codeAfterBest(START + 2, bits), 'bad-diffbits')
    assert.equal(codeAfterBest(START + 2), 'OK')
    assert.ok(targetOf(tree.best.header.bits) < targetOf(bits))
  })
})
