import assert from 'node:assert/strict'
import {
  type ComparedRun,
  type Comparison,
  type ComparisonInput,
  growthOf,
  readComparison,
  setupsOf,
} from '@onehop/simulator'

function comparison(input: ComparisonInput = {}): Comparison {
  const read = readComparison(input)
  assert.ok(read.ok, read.ok ? '' : read.detail)
  return read.value
}

/** A run of which only the costs matter. */
function run(changes: Partial<ComparedRun>): ComparedRun {
  const costs = { hopsMean: 1, messagesPerLookup: 2, memoryBytesMean: 100, memoryBytesMax: 100 }
  return { overlay: 'chord', churn: 0, nodes: 1_000, ...costs, ...changes } as ComparedRun
}

describe('a comparison', () => {
  it('runs every overlay at every size under every churn, the smallest first, each once', () => {
    const setups = setupsOf(comparison({ overlays: ['kelips'], nodes: [200, 100, 200], churn: [0, 1] }))
    assert.deepEqual(
      setups.map(({ overlay, nodes, churn }) => [overlay, nodes, churn]),
      [
        ['kelips', 100, 0],
        ['kelips', 100, 1],
        ['kelips', 200, 0],
        ['kelips', 200, 1],
      ],
    )
  })

  it('refuses in one sentence what makes no sense', () => {
    const cases: [ComparisonInput, RegExp][] = [
      [{ overlays: ['kademlia'] }, /^There is no overlay "kademlia"; there are kelips.*\.$/],
      [{ overlays: [] }, /^A comparison needs overlays: some of kelips.*\.$/],
      [{ nodes: [] }, /^A comparison needs a number of nodes\.$/],
      [{ nodes: [1_000, 1] }, /^The number of nodes must be a whole number from 10 to 1000000, not 1\.$/],
      [{ nodes: ['many'] }, /not "many"\.$/],
      [{ churn: [-1] }, /^The churn per hour must be a number from 0 to 60, not -1\.$/],
      [{ lookups: 0 }, /^The number of lookups must be/],
      [{ filesPerNode: 0.5 }, /^The number of files per node must be/],
      [{ minutes: 0 }, /^The time in minutes must be/],
      [{ seed: -1 }, /^The seed must be/],
      [{ connections: 'none' }, /^The number of connections must be "free" or a whole number/],
      [{ latency: { model: 'warp' } }, /^There is no latency model "warp"/],
      [{ nodes: [1_000_000], filesPerNode: 1_000 }, /have more than 10000000\.$/],
      [
        { nodes: Array.from({ length: 200 }, (_, i) => 10 + i), churn: [0] },
        /runs, and a comparison has at most 100\.$/,
      ],
    ]
    for (const [input, sentence] of cases) {
      const read = readComparison(input)
      assert.ok(!read.ok, JSON.stringify(input))
      assert.match(read.detail ?? '', sentence)
    }
  })

  it('tells how costs grow from one size to the next, beside what is taught', () => {
    const runs = [
      run({ nodes: 1_000 }),
      run({ nodes: 100, hopsMean: 0.5, memoryBytesMean: 10, memoryBytesMax: 100 }),
      run({ nodes: 100, churn: 1, hopsMean: 40 }),
      run({ nodes: 10_000, messagesPerLookup: 20, hopsMean: null }),
    ]
    const growth = growthOf(runs)
    const of = (what: string, from: number) => growth.find(one => one.what === what && one.from === from)
    assert.deepEqual(of('memory, mean', 100), {
      ...{ overlay: 'chord', churn: 0, what: 'memory, mean', formula: 'O(log N)', from: 100, to: 1_000 },
      ...{ exponent: 1, expected: 0.1761 },
    })
    assert.equal(of('memory, most', 100)?.exponent, 0)
    assert.equal(of('hops', 100)?.exponent, 0.301)
    assert.equal(of('messages per lookup', 1_000)?.exponent, 1)
    assert.equal(of('hops', 1_000), undefined)
    assert.ok(growth.every(({ churn }) => churn === 0))
  })
})
