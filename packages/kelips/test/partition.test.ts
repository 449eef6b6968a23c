import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  betterDepth,
  commonBits,
  covers,
  FixedPartition,
  groupOfHash,
  MAX_VIEW_MEMBERS,
  Population,
  PrefixPartition,
  prefixOf,
  settledDepth,
} from '../src/index.ts'

const random = new SeededRandom(7)
const hash = () => random.nextUint32()

describe('a partition of the hashes', () => {
  it('into prefixes gives every hash to exactly one group, and the halves of the own group are its buckets', () => {
    for (const depth of [0, 1, 2, 5, 16]) {
      const own = hash()
      const partition = new PrefixPartition(depth, own, 2)
      assert.equal(partition.buckets, 2 ** (depth + 1))
      const ownBuckets = Array.from({ length: partition.buckets }, (_, i) => i).filter(bucket =>
        partition.isOwnBucket(bucket),
      )
      assert.deepEqual(ownBuckets, [prefixOf(own, depth) * 2, prefixOf(own, depth) * 2 + 1])
      for (let i = 0; i < 200; i++) {
        const other = hash()
        assert.equal(partition.isOwn(other), groupOfHash(other, 2 ** depth) === groupOfHash(own, 2 ** depth))
        assert.equal(partition.isOwnBucket(partition.bucketOf(other)), partition.isOwn(other))
        assert.equal(partition.bucketOf(other), groupOfHash(other, 2 ** (depth + 1)))
        assert.equal(covers(depth, own, other), commonBits(own, other) >= depth)
      }
    }
  })

  it('at depth 0 has one group of which everybody is a member', () => {
    const partition = new PrefixPartition(0, 0, 2)
    assert.ok(partition.isOwn(0xffff_ffff) && partition.isOwn(0) && covers(0, 0, 0xffff_ffff))
    assert.equal(partition.capacityOf(1), MAX_VIEW_MEMBERS)
  })

  it('keeps more contacts of the group that it would merge with', () => {
    const partition = new PrefixPartition(3, 0, 2)
    const capacities = Array.from({ length: 16 }, (_, bucket) => partition.capacityOf(bucket))
    assert.deepEqual(capacities.slice(2), [4, 4, ...Array.from({ length: 12 }, () => 1)])
  })

  it('into a fixed number of groups has one bucket for each', () => {
    const partition = new FixedPartition(10, 0x8000_0000, 4)
    assert.equal(partition.ownGroup, 5)
    assert.deepEqual([partition.capacityOf(5), partition.capacityOf(6)], [MAX_VIEW_MEMBERS, 4])
    assert.ok(partition.isOwn(0x8000_0001) && !partition.isOwn(0))
  })
})

describe('the depth that suits a network', () => {
  const shape = { contactsPerGroup: 2, minimumGroupMembers: 10 }
  const entriesOf = (nodes: number, files: number, k: number) => nodes / k + 2 * (k - 1) + files / k

  it('is 0 for a few nodes', () => {
    for (let nodes = 1; nodes < 24; nodes++) assert.equal(settledDepth({ nodes, files: 0 }, shape), 0)
  })

  it('keeps tables within 1.3 times those of the best number of groups', () => {
    for (const nodes of [300, 1_000, 3_000, 10_000, 100_000, 1_000_000]) {
      for (const files of [0, nodes, 10 * nodes]) {
        const k = 2 ** settledDepth({ nodes, files }, shape)
        const most = nodes / 16
        const best = Math.max(1, Math.min(most, Math.sqrt((nodes + files) / 2)))
        const ratio = entriesOf(nodes, files, k) / entriesOf(nodes, files, best)
        assert.ok(
          ratio < 1.3 || (k > most / 2 && ratio < 2),
          `${nodes} nodes, ${files} files: k = ${k}, ${ratio}`,
        )
      }
    }
  })

  it('does not flap: after a step the network must change clearly before the step is taken back', () => {
    for (let nodes = 1; nodes < 200_000; nodes = Math.ceil(nodes * 1.01)) {
      for (const files of [0, nodes * 3]) {
        for (let depth = 0; depth < 12; depth++) {
          const better = betterDepth(depth, { nodes, files }, shape)
          if (better === depth) continue
          assert.notEqual(betterDepth(better, { nodes, files }, shape), depth)
          const isUndone = (share: number) =>
            betterDepth(
              better,
              { nodes: Math.round(nodes * share), files: Math.round(files * share) },
              shape,
            ) === depth
          assert.ok(!isUndone(1.15) && !isUndone(0.87), `${nodes} nodes, ${files} files, depth ${depth}`)
        }
      }
    }
  })

  it('leaves every group members enough, however many files there are', () => {
    for (const nodes of [24, 100, 1_000, 10_000]) {
      const groups = 2 ** settledDepth({ nodes, files: 1e9 }, shape)
      assert.ok(nodes / groups >= Math.min(nodes, 10))
    }
  })
})

describe('the estimate of how large a network is', () => {
  const told = (population: Population, sender: number, nodes: number, files = 0) => {
    population.expect(sender)
    population.hear(sender, { nodes, files })
  }

  it('is what the node sees itself, until others say something', () => {
    assert.deepEqual(new Population().estimate({ nodes: 5, files: 6 }), { nodes: 5, files: 6 })
  })

  it('is the median of what different peers say, each once', () => {
    const population = new Population()
    for (let sender = 1; sender <= 30; sender++) told(population, sender, 1_000 + sender, sender)
    for (let i = 0; i < 100; i++) told(population, 7, 9_000_000, 9_000_000)
    const { nodes, files } = population.estimate({ nodes: 1_000, files: 0 })
    assert.ok(nodes >= 1_010 && nodes <= 1_020 && files >= 10 && files <= 20)
    assert.equal(population.size, 30)
  })

  it('is not moved out of the honest range by a third who lie', () => {
    for (const lie of [1, 0xffff_ffff]) {
      const population = new Population()
      for (let sender = 1; sender <= 300; sender++)
        told(population, sender, sender % 3 === 0 ? lie : 900 + (sender % 200))
      const { nodes } = population.estimate({ nodes: 1_000, files: 0 })
      assert.ok(nodes >= 900 && nodes <= 1_100, `${nodes}`)
    }
  })

  it('does not listen to those who were not asked, nor to those who say nothing', () => {
    const population = new Population()
    population.hear(5, { nodes: 10, files: 10 })
    told(population, 6, 0)
    population.expect(8)
    population.hear(8, { nodes: 100, files: 1 })
    population.hear(8, { nodes: 200, files: 1 })
    assert.deepEqual(population.estimate({ nodes: 100, files: 1 }), { nodes: 100, files: 1 })
  })

  it('forgets those who have not spoken for long', () => {
    const population = new Population()
    for (let sender = 1; sender <= 20; sender++) told(population, sender, 5_000)
    for (let look = 0; look < 30; look++) population.tick()
    told(population, 21, 10)
    assert.equal(population.estimate({ nodes: 12, files: 0 }).nodes, 10)
  })

  it('forgets the oldest when new ones speak', () => {
    const population = new Population()
    for (let sender = 1; sender <= 31; sender++) told(population, sender, 10)
    for (let sender = 101; sender <= 131; sender++) told(population, sender, 5_000)
    assert.equal(population.estimate({ nodes: 5_000, files: 0 }).nodes, 5_000)
  })
})
