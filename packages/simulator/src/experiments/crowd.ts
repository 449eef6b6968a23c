import type { OverlayFactory, OverlayMachine } from '@onehop/overlay'
import { randomElement, type SeededRandom } from '@onehop/primitives'
import type { Simulation } from '../simulation.ts'
import { JOIN_RETRY_MS } from './experiment-limits.ts'
import { Living } from './living.ts'

/** Told when nodes come and go. */
export interface CrowdListener {
  onJoined?(node: number): void
  onGone?(node: number): void
}

/** The machines of a crowd: the honest ones' factory, and the hostile ones'. */
export interface Factories {
  readonly honest: OverlayFactory<unknown>
  readonly hostile: OverlayFactory<unknown>
}

/** How nodes are admitted, and seen. */
export interface CrowdOptions<Probe> {
  /** Of the nodes that are admitted, drawn one by one. */
  readonly hostileShare: number
  /** Members that each of them knows. */
  readonly introducers: number
  /** What there is to see of an honest node's machine; undefined: it is none. */
  readonly probeOf: (machine: OverlayMachine<unknown>) => Probe | undefined
}

/** Everybody who lives: who has joined, who is honest. Brings nodes in and takes them out. Of any overlay. */
export class Crowd<Probe = unknown> {
  readonly simulation: Simulation<unknown>
  /** All that have power. */
  readonly living = new Living()
  /** Those of them that have entered the network. */
  readonly joined = new Living()
  /** Those of these that are honest. */
  readonly honest = new Living()
  /** Whoever is admitted knows nobody, and thinks that it is the first. */
  joinsAlone = false
  private readonly listeners: CrowdListener[] = []
  private readonly factories: Factories
  private readonly options: CrowdOptions<Probe>
  private readonly random: SeededRandom
  private readonly probes = new Map<number, Probe>()

  constructor(
    simulation: Simulation<unknown>,
    factories: Factories,
    options: CrowdOptions<Probe>,
    random: SeededRandom,
  ) {
    this.simulation = simulation
    this.factories = factories
    this.options = options
    this.random = random
  }

  listen(listener: CrowdListener): void {
    this.listeners.push(listener)
  }

  /** A new node that joins now. @returns its number. */
  admit(): number {
    const { hostileShare } = this.options
    const isHostile = hostileShare > 0 && this.random.next() < hostileShare
    const { number } = this.simulation.addNode(isHostile ? this.factories.hostile : this.factories.honest)
    this.enter(number)
    return number
  }

  /** A node that was gone comes back, as the same. */
  readmit(node: number): void {
    this.simulation.restart(node)
    this.enter(node)
  }

  /** Power off. */
  kill(node: number): void {
    if (!this.forget(node)) return
    this.simulation.kill(node)
  }

  /** The node says goodbye. */
  leave(node: number): void {
    if (!this.forget(node)) return
    this.simulation.leave(node)
  }

  /** What there is to see of a living honest node; undefined for others. */
  probe(node: number): Probe | undefined {
    return this.probes.get(node)
  }

  isHonest(node: number): boolean {
    return this.probes.has(node)
  }

  private enter(number: number): void {
    const probe = this.options.probeOf(this.simulation.node(number).machine)
    if (probe !== undefined) this.probes.set(number, probe)
    this.living.add(number)
    this.join(number)
  }

  private join(number: number): void {
    const node = this.simulation.node(number)
    node.machine.join(
      this.introducers().map(other => node.meet(other)),
      ({ failure }) => {
        if (failure === undefined) this.onJoined(number)
        else this.simulation.clock.setTimer(JOIN_RETRY_MS, () => this.rejoin(number))
      },
    )
  }

  /** Whoever could not enter tries others. */
  private rejoin(number: number): void {
    if (this.living.has(number) && !this.joined.has(number)) this.join(number)
  }

  private onJoined(number: number): void {
    if (this.joined.has(number) || !this.living.has(number)) return
    this.joined.add(number)
    if (this.probes.has(number)) this.honest.add(number)
    for (const listener of this.listeners) listener.onJoined?.(number)
  }

  private introducers(): number[] {
    const found = new Set<number>()
    if (this.joinsAlone) return []
    for (let i = 0; i < this.options.introducers; i++) {
      const introducer = randomElement(this.random.next, this.joined.numbers)
      if (introducer !== undefined) found.add(introducer)
    }
    return [...found]
  }

  private forget(node: number): boolean {
    if (!this.living.delete(node)) return false
    this.joined.delete(node)
    this.honest.delete(node)
    this.probes.delete(node)
    for (const listener of this.listeners) listener.onGone?.(node)
    return true
  }
}
