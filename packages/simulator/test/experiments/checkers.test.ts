import assert from 'node:assert/strict'
import { KelipsMachine } from '@onehop/kelips'
import { contentKey, type Outcome, type Pointer } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { countExpired, isAnsweredTruthfully } from '../../src/experiments/answers.ts'
import { NetworkRun } from '../../src/experiments/network-run.ts'
import { Truth } from '../../src/experiments/truth.ts'
import { tinyExperiment } from './tiny-experiment.ts'

const NO_OUTCOME: Outcome = {
  pointers: [],
  hops: 0,
  messages: 0,
  attempts: 0,
  elapsedMs: 0,
  acknowledgements: 0,
}

/** The nodes that hold the key's pointer. */
function holdersOf(run: NetworkRun, key: Uint8Array): number[] {
  const nowMs = run.simulation.clock.now()
  return run.crowd.honest.numbers.filter(node => run.crowd.probe(node)!.holds(key, nowMs))
}

function kelipsOf(run: NetworkRun, node: number): KelipsMachine {
  const { machine } = run.simulation.node(node)
  assert.ok(machine instanceof KelipsMachine)
  return machine
}

/** The node forgets all filetuples, and says nothing of it. */
function forgetFiletuples(run: NetworkRun, node: number): void {
  kelipsOf(run, node).state.filetuples.clear()
}

/** A calm network after its measurement. */
function calmRun(): { run: NetworkRun; truth: Truth } {
  const run = new NetworkRun(tinyExperiment(), {})
  run.run()
  return { run, truth: new Truth(run.crowd, run.files, new SeededRandom(1)) }
}

describe('the checkers of global truth', () => {
  it('are content with a calm network', () => {
    const { truth } = calmRun()
    const report = truth.report()
    assert.deepEqual([report.coverage, report.viewCompleteness, report.viewStaleness], [1, 1, 0])
    assert.deepEqual([report.lostFiles, report.overfullTables], [0, 0])
  })

  it('see a pointer that a node has lost, and one that all have lost', () => {
    const { run, truth } = calmRun()
    const key = run.files.keyOf(0)
    const holders = holdersOf(run, key)
    forgetFiletuples(run, holders[0]!)
    const partly = truth.report()
    assert.ok(partly.coverage < 1 && partly.lostFiles === 0)
    for (const holder of holders) forgetFiletuples(run, holder)
    assert.ok(truth.report().lostFiles >= 1)
    assert.equal(truth.causeOf(run.crowd.honest.numbers[0]!, key, undefined), 'lost pointer')
  })

  it('see the dead in views, and those who are missing', () => {
    const { run, truth } = calmRun()
    const [victim] = run.crowd.living.numbers
    run.crowd.kill(victim!)
    assert.ok(truth.report().viewStaleness > 0)
    kelipsOf(run, run.crowd.living.numbers[0]!).state.roster.clear()
    assert.ok(truth.report().viewCompleteness < 1)
  })

  it('see an expired pointer in an answer, and an answer that is not the provider’s', () => {
    const { run } = calmRun()
    const nowS = Math.floor(run.simulation.clock.now() / 1000)
    const provider = run.simulation.node(3).id
    const pointer = { provider, expiresAt: nowS + 60, withdrawn: false } as unknown as Pointer
    const answer = (changes: object) => ({ ...NO_OUTCOME, pointers: [{ ...pointer, ...changes }] })
    const nowMs = run.simulation.clock.now()
    assert.equal(isAnsweredTruthfully(run.simulation, answer({}), 3), true)
    assert.equal(isAnsweredTruthfully(run.simulation, answer({}), 4), false)
    assert.equal(isAnsweredTruthfully(run.simulation, answer({ expiresAt: nowS - 60 }), 3), false)
    assert.equal(isAnsweredTruthfully(run.simulation, answer({ withdrawn: true }), 3), false)
    assert.equal(countExpired(answer({ expiresAt: nowS - 60 }), nowMs), 1)
    assert.equal(countExpired(answer({}), nowMs), 0)
  })

  it('tell why a lookup failed', () => {
    const { run, truth } = calmRun()
    const asker = run.crowd.honest.numbers[0]!
    const probe = run.crowd.probe(asker)!
    const slot = Array.from({ length: run.files.slots }, (_, i) => i).find(
      i => !probe.isHolder(run.files.keyOf(i)),
    )!
    const key = run.files.keyOf(slot)
    assert.equal(truth.causeOf(asker, key, 'timed out'), 'no answer in time')
    assert.equal(truth.causeOf(asker, key, 'not found'), 'false answer')
    for (const contact of probe.contactsFor(key)) forgetFiletuples(run, contact)
    assert.equal(truth.causeOf(asker, key, 'not found'), 'incomplete tables')
    for (const contact of probe.contactsFor(key)) run.crowd.kill(contact)
    assert.equal(truth.causeOf(asker, key, 'timed out'), 'dead contacts')
    assert.equal(truth.causeOf(asker, contentKey(Uint8Array.of(0)), 'not found'), 'lost pointer')
  })
})
