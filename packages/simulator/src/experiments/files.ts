import type { Key, Publication } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import { PUBLISH_BATCH, PUBLISH_RETRY_MS, PUBLISH_SPREAD_MS } from './experiment-limits.ts'

const KEY_BYTES = 32
const NOBODY = -1

/** Names one file at one time: a place in the ranking, and how many files were there before. */
export interface FileName {
  readonly slot: number
  readonly generation: number
}

/**
 * Who provides what. Files have places (slots), whose order is that of their popularity. When a provider is gone its
 * files are gone with it, and whoever takes its place brings new ones of the same popularity.
 */
export class Files {
  /** Files that somebody has confirmed and whose providers live. */
  live = 0
  /** Publications that nobody confirmed. */
  unconfirmed = 0
  private readonly seed: number
  private readonly crowd: Crowd
  private readonly providers: number[] = []
  private readonly generations: number[] = []
  private readonly confirmed: boolean[] = []
  private readonly slotsOfNode = new Map<number, number[]>()

  constructor(seed: number, crowd: Crowd) {
    this.seed = seed
    this.crowd = crowd
    crowd.listen({ onGone: node => this.onGone(node) })
  }

  /** Slots, whether their files are there or not. */
  get slots(): number {
    return this.providers.length
  }

  /** The key of a slot's present file: nothing but random bytes, so none is kept. */
  keyOf(slot: number, generation = this.generations[slot]!): Key {
    const random = new SeededRandom(Math.imul(this.seed + 1, 0x9e3779b1) ^ Math.imul(slot, 0x85ebca6b))
    for (let skipped = 0; skipped <= generation; skipped++) random.nextUint32()
    return random.fork().bytes(KEY_BYTES)
  }

  /** The slot's file, if it can be looked up: confirmed, and its provider lives. */
  fileAt(slot: number): FileName | undefined {
    return this.confirmed[slot] ? { slot, generation: this.generations[slot]! } : undefined
  }

  /** Whether that file is still there. */
  isLive({ slot, generation }: FileName): boolean {
    return this.confirmed[slot] === true && this.generations[slot] === generation
  }

  providerOf(slot: number): number | undefined {
    const provider = this.providers[slot]
    return provider === undefined || provider === NOBODY ? undefined : provider
  }

  slotsOf(node: number): readonly number[] {
    return this.slotsOfNode.get(node) ?? []
  }

  /** Gives the node so many new slots. */
  add(node: number, count: number): void {
    const slots = this.slotsOfNode.get(node) ?? []
    for (let i = 0; i < count; i++) {
      slots.push(this.providers.length)
      this.providers.push(node)
      this.generations.push(0)
      this.confirmed.push(false)
    }
    this.slotsOfNode.set(node, slots)
  }

  /** Gives the node the slots of one that is gone, for new files; or, if it is the same node, for the same. */
  inherit(node: number, slots: readonly number[], areSame: boolean): void {
    for (const slot of slots) {
      this.providers[slot] = node
      if (!areSame) this.generations[slot]!++
    }
    this.slotsOfNode.set(node, [...slots])
  }

  /** The node publishes all that it has, a few at a time. */
  publishAll(node: number, spreadMs = PUBLISH_SPREAD_MS): void {
    const slots = [...this.slotsOf(node)]
    const batches = Math.ceil(slots.length / PUBLISH_BATCH)
    const { clock } = this.crowd.simulation
    for (let i = 0; i < batches; i++) {
      const batch = slots.slice(i * PUBLISH_BATCH, (i + 1) * PUBLISH_BATCH)
      clock.setTimer(Math.floor((spreadMs * i) / batches), () => {
        for (const slot of batch) this.publish(node, slot)
      })
    }
  }

  /** Those who have joined publish now, evenly over the time; whoever joins later does so then. */
  publishEverybodys(durationMs: number): void {
    const { simulation, joined } = this.crowd
    const nodes = [...joined.numbers]
    nodes.forEach((node, i) => {
      simulation.clock.setTimer((durationMs * i) / nodes.length, () => this.publishAll(node))
    })
    this.crowd.listen({ onJoined: node => this.publishAll(node) })
  }

  publicationOf(slot: number): Publication {
    return { kind: 'content', key: this.keyOf(slot) }
  }

  /** Publishes one file of an honest node; it counts as live once a member of its group has confirmed it. */
  publish(node: number, slot: number): void {
    if (!this.crowd.isHonest(node) || this.providers[slot] !== node) return
    const { clock } = this.crowd.simulation
    const generation = this.generations[slot]!
    this.crowd.simulation.node(node).machine.publish(this.publicationOf(slot), ({ failure }) => {
      if (this.generations[slot] !== generation || this.providers[slot] !== node) return
      if (failure === undefined) this.confirm(slot)
      else {
        this.unconfirmed++
        clock.setTimer(PUBLISH_RETRY_MS, () => this.publish(node, slot))
      }
    })
  }

  /** The file is where it belongs. */
  confirm(slot: number): void {
    if (!this.confirmed[slot]) this.live++
    this.confirmed[slot] = true
  }

  private onGone(node: number): void {
    for (const slot of this.slotsOf(node)) {
      this.providers[slot] = NOBODY
      if (this.confirmed[slot]) this.live--
      this.confirmed[slot] = false
    }
  }

  /** Takes the slots away from a node that is gone. */
  release(node: number): readonly number[] {
    const slots = this.slotsOf(node)
    this.slotsOfNode.delete(node)
    return slots
  }
}
