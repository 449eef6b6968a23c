import assert from 'node:assert/strict'
import {
  contentPublications,
  contentWords,
  infohashToMultihash,
  type LookupOptions,
  type Outcome,
  rankContents,
  WordSearch,
  wordKey,
} from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { constantLatency, createSimulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  KELIPS_TESTNET,
  type KelipsMachine,
  kelips,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_PROVIDER,
} from '../src/index.ts'

const RTT_MS = 40
const NODES = 13

function network(seed: number) {
  const simulation = createSimulation(kelips(KELIPS_TESTNET), {
    nodes: NODES,
    seed,
    latency: constantLatency(RTT_MS / 2),
  })
  simulation.joinAll()
  simulation.clock.runFor(20_000)
  const random = new SeededRandom(seed)
  return {
    simulation,
    /** Publishes it from that node, without waiting for confirmations. */
    publish(node: number, name: string): Uint8Array {
      const multihash = infohashToMultihash(random.bytes(20))
      const content = { multihash, name, bytes: 1, words: contentWords(name) }
      for (const publication of contentPublications(content))
        simulation.node(node).machine.publish(publication, () => {})
      return multihash
    },
    search(node: number, words: readonly string[], options: Partial<LookupOptions> = {}): Outcome {
      let outcome: Outcome | undefined
      const machine = simulation.node(node).machine as KelipsMachine
      machine.search(words, { limit: 20, deadlineMs: 10_000, ...options }, result => {
        assert.equal(outcome, undefined, 'done was called twice')
        outcome = result
      })
      simulation.clock.runUntil(() => outcome !== undefined, 20_000)
      assert.ok(outcome)
      return outcome
    },
  }
}

describe('a search in Kelips', () => {
  it('takes one hop, and one round trip, however many words it has', () => {
    const { simulation, publish, search } = network(31)
    const film = publish(2, 'a roman holiday with audrey hepburn.mp4')
    simulation.clock.runFor(5_000)
    const words = ['roman', 'holiday', 'with', 'audrey', 'hepburn', 'mp4']
    for (const { number } of simulation.nodes) {
      const { pointers, hops, messages, attempts, elapsedMs, failure } = search(number, words)
      assert.equal(failure, undefined)
      assert.deepEqual(rankContents(words, pointers)[0]?.multihash, film)
      assert.ok(hops <= 1)
      assert.ok(messages <= 2 * words.length && attempts <= messages, `${messages} messages`)
      assert.ok(elapsedMs <= RTT_MS, `${elapsedMs} ms`)
    }
  })

  it('finds a rare word together with one that more files share than a table keeps', () => {
    const { simulation, publish, search } = network(32)
    const count = 2 * MAX_POINTERS_PER_KEY_AND_PROVIDER
    for (let i = 0; i < count; i++)
      for (const { number } of simulation.nodes) publish(number, `clip${i}of${number}.mp4`)
    simulation.clock.runFor(5_000)
    const film = publish(5, 'casablanca.mp4')
    simulation.clock.runFor(5_000)
    const holders = simulation.nodes.filter(({ machine }) =>
      (machine as KelipsMachine).state.isHolder(wordKey('mp4')),
    )
    const nowS = Math.floor(simulation.clock.now() / 1000)
    for (const { machine } of holders) {
      const listed = (machine as KelipsMachine).state.filetuples.find(
        wordKey('mp4'),
        nowS,
        Number.POSITIVE_INFINITY,
      )
      assert.ok(listed.length <= MAX_POINTERS_PER_KEY)
      assert.ok(!listed.some(({ displayName }) => displayName === 'casablanca.mp4'), 'the list has room')
    }
    for (const { number } of simulation.nodes) {
      const found = rankContents(['mp4', 'casablanca'], search(number, ['mp4', 'casablanca']).pointers)
      assert.deepEqual(
        found.map(({ multihash }) => multihash),
        [film],
      )
    }
    const all = rankContents(['mp4'], search(1, ['mp4'], { limit: 1_000 }).pointers)
    assert.ok(all.length <= MAX_POINTERS_PER_KEY)
    assert.equal(rankContents(['mp4'], search(1, ['mp4'], { limit: 7 }).pointers).length, 7)
  })

  it('keeps its deadline, and tells that nobody answered', () => {
    const { simulation, publish, search } = network(33)
    publish(2, 'holiday.jpg')
    simulation.clock.runFor(5_000)
    const asker = simulation.nodes.find(({ machine }) =>
      ['holiday', 'jpg'].every(word => !(machine as KelipsMachine).state.isHolder(wordKey(word))),
    )
    assert.ok(asker, 'every node holds one of the words')
    for (const { number } of simulation.nodes) if (number !== asker.number) simulation.kill(number)
    const { failure, elapsedMs, pointers } = search(asker.number, ['holiday', 'jpg'], { deadlineMs: 100 })
    assert.deepEqual([failure, elapsedMs, pointers.length], ['timed out', 100, 0])
  })
})

describe('the end of a search', () => {
  const nothing = { pointers: [], hops: 0, messages: 1, attempts: 1, elapsedMs: 5, acknowledgements: 0 }
  const options = { limit: 5, deadlineMs: 1_000 }

  /** A search whose lookups end when the test says so. */
  function searching(words: readonly string[]) {
    const ends: ((outcome: Outcome) => void)[] = []
    const outcomes: Outcome[] = []
    const lookup = (_key: Uint8Array, _options: LookupOptions, done: (outcome: Outcome) => void) => {
      ends.push(done)
      return () => done({ ...nothing, failure: 'cancelled' })
    }
    const search = new WordSearch({ lookup, now: () => 7, pointersPerWord: 10 }, words, options, outcome =>
      outcomes.push(outcome),
    )
    search.start()
    return { ends, outcomes, search }
  }

  it('is "not found" when one word is nobody’s, though another was not answered', () => {
    const { ends, outcomes } = searching(['one', 'two'])
    ends[0]?.({ ...nothing, failure: 'timed out', timeouts: 2 })
    assert.equal(outcomes.length, 0)
    ends[1]?.({ ...nothing, failure: 'not found' })
    assert.deepEqual(outcomes, [
      { ...nothing, messages: 2, attempts: 2, elapsedMs: 0, timeouts: 2, failure: 'not found' },
    ])
  })

  it('is "timed out" when nobody answered for a word, and the others lead to nothing common', () => {
    const { ends, outcomes } = searching(['one', 'two'])
    ends[0]?.(nothing)
    ends[1]?.({ ...nothing, failure: 'timed out' })
    assert.deepEqual(
      outcomes.map(({ failure }) => failure),
      ['timed out'],
    )
  })

  it('comes once, with what was spent, when it is cancelled', () => {
    const { ends, outcomes, search } = searching(['one', 'two'])
    ends[0]?.(nothing)
    search.cancel()
    search.cancel()
    assert.deepEqual(
      outcomes.map(({ failure, messages }) => [failure, messages]),
      [['cancelled', 2]],
    )
  })

  it('comes at once where there is no word', () => {
    assert.equal(searching([]).outcomes[0]?.failure, 'not found')
  })
})
