import type { Inspection, LookupOptions, Outcome, PeerId, Publication } from '../contract.ts'
import type { Key } from '../keys.ts'
import type { Pointer } from '../pointer.ts'

/** How long things may take in the networks of a harness, in ms of its own time; live, on a machine that is not busy. */
export interface HarnessTimes {
  /** From a join, or a healed partition, until everybody knows what it needs to. */
  readonly convergenceMs: number
  /** From a death until nobody counts on the dead any more. */
  readonly deathMs: number
  /** From a provider's death until its pointers are answered no more. */
  readonly expiryMs: number
}

/** What a harness can do to its networks; tests that need more are left out. */
export interface HarnessFaults {
  readonly loss: boolean
  readonly partition: boolean
  /** {@link HarnessNetwork.handPointer} and {@link HarnessNetwork.sendGarbage}. */
  readonly attack: boolean
}

/** What a network starts with. */
export interface NetworkRequest {
  /** Nodes, numbered from 0; none has joined. */
  readonly nodes: number
  readonly seed: number
  readonly lossFraction?: number
}

/** A lookup under way. */
export interface RunningLookup {
  readonly outcome: Promise<Outcome>
  cancel(): void
}

/** One of a machine's tables. */
export interface TableSize {
  readonly name: string
  readonly size: number
  readonly limit: number
}

/** A network of one overlay's nodes, in virtual time or live. */
export interface HarnessNetwork {
  /** Adds a node that has not joined; returns its number. */
  addNode(): Promise<number>
  join(node: number, introducers: readonly number[]): Promise<Outcome>
  publish(node: number, publication: Publication): Promise<Outcome>
  withdraw(node: number, key: Key, target?: Uint8Array): Promise<Outcome>
  lookup(node: number, key: Key, options: LookupOptions): RunningLookup
  /** Only where the harness {@link OverlayHarness.searches}. */
  search?(node: number, words: readonly string[], options: LookupOptions): RunningLookup
  /** The node says goodbye and is gone. */
  leave(node: number): Promise<void>
  /** The node is gone without a word. */
  kill(node: number): Promise<void>
  /** Lets time pass. */
  wait(ms: number): Promise<void>
  /** Lets time pass until every living node knows what it needs to. */
  converge(): Promise<void>
  /**
   * Lets time pass for what must come true within `withinMs`. In virtual time that is all of it. Live it is as long as
   * the condition takes, within reason: a busy machine is slow, and not at fault.
   */
  until(condition: () => Promise<boolean>, withinMs: number): Promise<void>
  idOf(node: number): PeerId
  /** Unix time in ms. */
  now(): number
  inspect(node: number): Inspection
  /** Peers that the node has asked its driver to penalise. */
  penalised(node: number): readonly PeerId[]
  tables(node: number): readonly TableSize[]
  /** Nodes of different parts do not reach each other. */
  partition(parts: readonly (readonly number[])[]): Promise<void>
  heal(): Promise<void>
  /** A pointer signed by the node with its own key, whatever it says. */
  signAs(node: number, pointer: Omit<Pointer, 'signature'>): Pointer
  /** The node hands another a pointer in every way in which the overlay's messages carry pointers. */
  handPointer(from: number, to: number, pointer: Pointer): Promise<void>
  /** The node sends another bytes, as its driver would receive them from the wire. */
  sendGarbage(from: number, to: number, bytes: Uint8Array): Promise<void>
  stop(): Promise<void>
}

/** Makes networks for the contract's tests. */
export interface OverlayHarness {
  readonly times: HarnessTimes
  readonly faults: HarnessFaults
  /** Whether its time is that of the clock on the wall. */
  readonly isLive?: boolean
  /** Whether the overlay searches by words. */
  readonly searches?: boolean
  /** Whether publications go to others, who confirm them. Default true; where everybody answers for itself: false. */
  readonly confirms?: boolean
  /**
   * Whether a pointer that nobody asked for is looked at, and a forger penalised for it. Default true; where such a
   * message is dropped unread: false.
   */
  readonly judgesUnasked?: boolean
  /** Most hops of an answer in a converged network of the sizes tested here. */
  readonly mostHops: number
  /** Every test runs once with each. */
  readonly seeds: readonly number[]
  create(request: NetworkRequest): Promise<HarnessNetwork>
}
