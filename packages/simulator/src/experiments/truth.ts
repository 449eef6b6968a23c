import type { Failure, Key } from '@onehop/overlay'
import { keyHash32 } from '@onehop/overlay'
import { randomBelow, type SeededRandom } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import { CHECKED_FILES, CHECKED_TABLES, CHECKED_VIEWS } from './experiment-limits.ts'
import type { Files } from './files.ts'
import type { KelipsProbe } from './kelips-probe.ts'
import type { FailureCause } from './lookup-log.ts'

/** What a look at everything says that no node can know. Shares are of what was looked at, a sample of large networks. */
export interface TruthReport {
  /** Of the pairs of a live file and a node that is to hold its pointer: those where it does. */
  readonly coverage: number
  /** Of the live files looked at: held by no node that is to hold them. */
  readonly lostFiles: number
  readonly checkedFiles: number
  /** Of the living members of a node's group: those in its view. */
  readonly viewCompleteness: number
  /** Of the members in a node's view: those that are gone. */
  readonly viewStaleness: number
  /** Tables of nodes that are larger than their limits. Must be 0. */
  readonly overfullTables: number
}

/** Looks at all nodes at once: what nobody in the network can. */
export class Truth {
  private readonly crowd: Crowd<KelipsProbe>
  private readonly files: Files
  private readonly random: SeededRandom
  private nextOverfull = 0

  constructor(crowd: Crowd<KelipsProbe>, files: Files, random: SeededRandom) {
    this.crowd = crowd
    this.files = files
    this.random = random
  }

  /** Why a lookup failed, as far as the tables show it. */
  causeOf(asker: number, key: Key, failure: Failure | undefined): FailureCause {
    const hash32 = keyHash32(key)
    const nowMs = this.crowd.simulation.clock.now()
    if (this.holdersOf(key).every(probe => !probe.holds(key, nowMs))) return 'lost pointer'
    const contacts = this.crowd.probe(asker)?.contactsFor(key) ?? []
    if (contacts.length === 0) return 'no contacts'
    if (!contacts.some(contact => this.crowd.living.has(contact))) return 'dead contacts'
    const honest = contacts.map(contact => this.crowd.probe(contact)).filter(probe => probe !== undefined)
    if (honest.length === 0) return 'hostile contacts'
    const responsible = honest.filter(probe => probe.covers(hash32) || probe.isHolder(key))
    const isOfOneMind = honest.every(probe => probe.groups === this.crowd.probe(asker)?.groups)
    if (responsible.length === 0 && !isOfOneMind) return 'disagreement on k'
    if (responsible.every(probe => !probe.holds(key, nowMs))) return 'incomplete tables'
    return failure === 'not found' || failure === undefined ? 'false answer' : 'no answer in time'
  }

  /** Looks at files, views and tables. */
  report(): TruthReport {
    return { ...this.checkFiles(), ...this.checkViews(), overfullTables: this.countOverfull() }
  }

  /** Honest nodes that are to hold the key: members of its group, or whoever stands in for an empty one. */
  holdersOf(key: Key): KelipsProbe[] {
    const hash32 = keyHash32(key)
    const covering: KelipsProbe[] = []
    for (const node of this.crowd.honest.numbers) {
      const probe = this.crowd.probe(node)
      if (probe?.covers(hash32)) covering.push(probe)
    }
    if (covering.length > 0) return covering
    return this.crowd.honest.numbers.map(node => this.crowd.probe(node)!).filter(probe => probe.isHolder(key))
  }

  private checkFiles(): Pick<TruthReport, 'coverage' | 'lostFiles' | 'checkedFiles'> {
    const nowMs = this.crowd.simulation.clock.now()
    const sampled = this.sampledSlots()
    let pairs = 0
    let held = 0
    let lost = 0
    for (const slot of sampled) {
      const key = this.files.keyOf(slot)
      const holders = this.holdersOf(key)
      const holding = holders.filter(probe => probe.holds(key, nowMs)).length
      pairs += holders.length
      held += holding
      if (holding === 0) lost++
    }
    return { coverage: shareOf(held, pairs), lostFiles: lost, checkedFiles: sampled.length }
  }

  private sampledSlots(): number[] {
    const { slots } = this.files
    const all = slots <= CHECKED_FILES ? Array.from({ length: slots }, (_, slot) => slot) : undefined
    const drawn = all ?? Array.from({ length: CHECKED_FILES }, () => randomBelow(this.random.next, slots))
    return drawn.filter(slot => this.files.fileAt(slot) !== undefined)
  }

  private checkViews(): Pick<TruthReport, 'viewCompleteness' | 'viewStaleness'> {
    let expected = 0
    let known = 0
    let entries = 0
    let stale = 0
    for (const node of this.sampledNodes()) {
      const seen = this.lookAtView(node)
      expected += seen.expected
      known += seen.known
      entries += seen.entries
      stale += seen.entries - seen.alive
    }
    return { viewCompleteness: shareOf(known, expected), viewStaleness: entries === 0 ? 0 : stale / entries }
  }

  /** One node's view beside the truth. */
  lookAtView(node: number): { expected: number; known: number; entries: number; alive: number } {
    const { simulation, honest, living } = this.crowd
    const probe = this.crowd.probe(node)!
    const inView = new Set(probe.view())
    let expected = 0
    let known = 0
    for (const other of honest.numbers) {
      if (other === node || !probe.covers(simulation.directory.hash32(other))) continue
      expected++
      if (inView.has(other)) known++
    }
    const alive = [...inView].filter(other => living.has(other)).length
    return { expected, known, entries: inView.size, alive }
  }

  private sampledNodes(): readonly number[] {
    const { numbers } = this.crowd.honest
    if (numbers.length <= CHECKED_VIEWS) return numbers
    return Array.from(
      { length: CHECKED_VIEWS },
      () => numbers[randomBelow(this.random.next, numbers.length)]!,
    )
  }

  /** Of small networks all nodes, of large ones some others each time. */
  private countOverfull(): number {
    const { numbers } = this.crowd.honest
    const step = Math.max(1, Math.floor(numbers.length / CHECKED_TABLES))
    let count = 0
    for (let i = this.nextOverfull++ % step; i < numbers.length; i += step)
      count += this.crowd.probe(numbers[i]!)?.overfull().length ?? 0
    return count
  }
}

/** 1 where there was nothing to expect. */
function shareOf(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole
}
