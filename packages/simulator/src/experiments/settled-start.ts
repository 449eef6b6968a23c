import { type MemberEntry, prefixOf, settledDepth } from '@onehop/kelips'
import { keyHash32, type Pointer } from '@onehop/overlay'
import { randomBelow, type SeededRandom } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import type { KelipsExperiment } from './experiment.ts'
import type { Files } from './files.ts'
import { kelipsOptionsOf } from './kelips-options.ts'
import type { KelipsProbe } from './kelips-probe.ts'

/** Nodes or files between two looks at whether to go on. */
const STEPS_PER_LOOK = 256

/** A node as the others' tables have it. */
interface Seat {
  readonly node: number
  readonly probe: KelipsProbe
  readonly hash32: number
  readonly entry: MemberEntry
}

/**
 * A network that begins as if it had been there for long: every honest node knows its whole group and contacts drawn at
 * random, and every pointer is where it belongs. What comes after goes through the protocol; only the hours before are
 * left out. Round-trip times and connections are unknown at first.
 */
export class SettledStart {
  private readonly crowd: Crowd<KelipsProbe>
  private readonly random: SeededRandom
  private readonly seats: Seat[]
  private readonly depth: number
  /** By the half of the group that a node is in: contacts are kept for each half. */
  private readonly byBucket: Seat[][]

  /** @param crowd of nodes that have joined nobody. */
  constructor(crowd: Crowd<KelipsProbe>, experiment: KelipsExperiment, random: SeededRandom) {
    this.crowd = crowd
    this.random = random
    const { nodes, files } = experiment
    this.depth = settledDepth({ nodes, files }, kelipsOptionsOf(experiment))
    this.seats = crowd.honest.numbers.map(node => this.seatOf(node))
    this.byBucket = Array.from({ length: 2 ** (this.depth + 1) }, () => [])
    for (const seat of this.seats) this.byBucket[prefixOf(seat.hash32, this.depth + 1)]!.push(seat)
  }

  /** Fills everybody's tables. @param goesOn told what share is done; false ends it. @returns whether all was done. */
  fillAll(files: Files, goesOn: (share: number) => boolean): boolean {
    const { seats } = this
    const steps = 2 * seats.length + files.slots
    const pointers: Pointer[][] = Array.from({ length: 2 ** this.depth }, () => [])
    let step = 0
    const mayStep = () => step++ % STEPS_PER_LOOK !== 0 || goesOn((step - 1) / steps)
    for (const seat of seats) {
      if (!mayStep()) return false
      this.introduce(seat)
    }
    for (let slot = 0; slot < files.slots; slot++) {
      if (!mayStep()) return false
      this.publish(files, slot, pointers)
    }
    for (const { probe, hash32 } of seats) {
      if (!mayStep()) return false
      probe.placeAll(pointers[prefixOf(hash32, this.depth)]!)
    }
    return true
  }

  /** The slot's pointer, among those of its group. Placed node by node, for each node's tables are far from the others'. */
  private publish(files: Files, slot: number, pointers: Pointer[][]): void {
    const provider = this.crowd.probe(files.providerOf(slot) ?? -1)
    if (provider === undefined) return
    const pointer = provider.adopt(files.publicationOf(slot))
    pointers[prefixOf(keyHash32(pointer.key), this.depth)]!.push(pointer)
    files.confirm(slot)
  }

  private *groupOf(hash32: number): IterableIterator<Seat> {
    const group = prefixOf(hash32, this.depth)
    yield* this.byBucket[2 * group]!
    yield* this.byBucket[2 * group + 1]!
  }

  private seatOf(node: number): Seat {
    const probe = this.crowd.probe(node)!
    probe.takeDepth(this.depth)
    const { record } = probe.ownEntry()
    this.crowd.simulation.node(node).vouchFor(record)
    const ageMs = Math.floor(this.random.next() * probe.heartbeatMs)
    return { node, probe, hash32: this.crowd.simulation.directory.hash32(node), entry: { record, ageMs } }
  }

  private introduce({ node, probe, hash32 }: Seat): void {
    probe.expectPeers(this.knownPeers(probe, prefixOf(hash32, this.depth)))
    for (const member of this.groupOf(hash32)) if (member.node !== node) probe.meet(member.node, member.entry)
    const own = prefixOf(hash32, this.depth)
    this.byBucket.forEach((members, bucket) => {
      if (bucket >>> 1 === own || members.length === 0) return
      const start = randomBelow(this.random.next, members.length)
      const count = Math.min(probe.capacityOf(bucket), members.length)
      for (let i = 0; i < count; i++) {
        const contact = members[(start + i) % members.length]!
        probe.meet(contact.node, contact.entry)
      }
    })
  }

  /** How many peers a node of the group will know. */
  private knownPeers(probe: KelipsProbe, own: number): number {
    let count = 0
    this.byBucket.forEach((members, bucket) => {
      count += bucket >>> 1 === own ? members.length : Math.min(probe.capacityOf(bucket), members.length)
    })
    return count
  }
}
