import type { PeerHandle } from '@onehop/overlay'
import { isInRange } from './groups.ts'
import { type HashRange, type PrefixHolders, rangeOf } from './holders.ts'
import {
  CONFIRMATIONS_TO_MERGE,
  CONFIRMATIONS_TO_SPLIT,
  CONFIRMATIONS_TO_WIDEN,
  FEWEST_KNOWN_MEMBERS,
  FEWEST_KNOWN_PER_HALF,
  GRACE_ROUNDS,
  MAX_PULL_SOURCES,
  MERGE_CHANCE,
  MIN_HOLDERS,
  ROUNDS_PER_REVIEW,
} from './limits.ts'
import { Costs } from './outcome.ts'
import { covers, prefixOf } from './partition.ts'
import { betterDepth } from './population.ts'
import type { Pulling } from './pulling.ts'
import type { KelipsState } from './state.ts'

const SPLIT = 1
const MERGE = -1
const WIDEN = -2

/**
 * k tunes itself: every node chooses its own depth, from estimates of how large the network is, and brings its tables
 * there. Nobody has to agree with it: peers go by the depth that its record says.
 *
 * To split is to say the larger depth at once, and to go on holding the wider range for a while. To merge is to pull
 * the sibling's members and filetuples first and to say the smaller depth then. Where a neighbouring prefix is all but
 * empty its keys are taken over at once: so there is somebody for every key, in networks of any size.
 */
export class SelfTuning {
  /** Called when the node holds a wider range than before: the network has shrunk, and holders may have gone with it. */
  onWider: () => void = () => {}
  private readonly state: KelipsState
  private readonly pulling: Pulling
  private rounds = 0
  private change = 0
  private confirmations = 0
  private graceUntilMs = 0
  private isPulling = false

  constructor(state: KelipsState, pulling: Pulling) {
    this.state = state
    this.pulling = pulling
  }

  /** A round has passed. */
  tick(): void {
    const { prefixes, phase, settled } = this.state
    if (prefixes === undefined || phase !== 'joined') return
    if (this.rounds++ % ROUNDS_PER_REVIEW !== 0) return
    this.state.lifetimes.update(this.state.roster.size)
    if (!settled || this.isPulling) return
    this.endGrace(prefixes)
    this.review(prefixes)
  }

  private get ownHash(): number {
    return this.state.environment.hash32(this.state.environment.self)
  }

  private review(prefixes: PrefixHolders): void {
    const { saidDepth } = prefixes
    const inhabited = this.inhabitedDepth(saidDepth)
    const wanted = inhabited < saidDepth ? inhabited : this.betterDepth(saidDepth)
    const change = Math.sign(wanted - saidDepth) - (inhabited < saidDepth ? 1 : 0)
    this.confirmations = change === this.change ? this.confirmations + 1 : 1
    this.change = change
    if (change === WIDEN && this.confirmations >= CONFIRMATIONS_TO_WIDEN) this.widen(prefixes, wanted)
    else if (change === MERGE && this.isMergeDue()) this.merge(prefixes)
    else if (change === SPLIT && this.confirmations >= CONFIRMATIONS_TO_SPLIT) this.split(prefixes)
  }

  /** Not all nodes of a network pull at once what they will hold. */
  private isMergeDue(): boolean {
    return this.confirmations >= CONFIRMATIONS_TO_MERGE && this.state.environment.random() < MERGE_CHANCE
  }

  /** What suits the network, unless the own group says otherwise: hashes are not spread evenly. */
  private betterDepth(depth: number): number {
    const { population, options } = this.state
    const own = this.state.ownCensus()
    if (population === undefined || own === undefined) return depth
    const better = betterDepth(depth, population.estimate(own), options.contactsPerGroup)
    if (better > depth) return this.mayHalve(depth) ? better : depth
    const isThin = depth > 0 && this.state.roster.viewSize + 1 < FEWEST_KNOWN_MEMBERS
    return isThin ? depth - 1 : better
  }

  private mayHalve(depth: number): boolean {
    const { roster, environment, partition } = this.state
    if (partition.buckets !== 2 ** (depth + 1)) return false
    const inHalf = (peer: PeerHandle) => covers(depth + 1, this.ownHash, environment.hash32(peer))
    const ownHalf = roster.view().filter(inHalf).length + 1
    const otherHalf = roster.viewSize + 1 - ownHalf
    return Math.min(ownHalf, otherHalf) >= FEWEST_KNOWN_PER_HALF
  }

  /** The largest depth at which every prefix beside the way to the own one has somebody who keeps its keys. */
  private inhabitedDepth(depth: number): number {
    for (let level = 1; level <= depth; level++) if (!this.isSiblingInhabited(level)) return level - 1
    return depth
  }

  private isSiblingInhabited(level: number): boolean {
    const { roster, partition } = this.state
    const span = partition.buckets / 2 ** level
    const sibling = prefixOf(this.ownHash, level) ^ 1
    let known = 0
    for (let bucket = sibling * span; bucket < (sibling + 1) * span; bucket++) {
      for (const peer of roster.inGroup(bucket)) if (!roster.isSuspect(peer)) known++
      if (known >= MIN_HOLDERS) return true
    }
    return false
  }

  private split(prefixes: PrefixHolders): void {
    const { options } = this.state
    this.say(prefixes, prefixes.saidDepth + 1)
    this.graceUntilMs = this.state.now() + GRACE_ROUNDS * options.gossipIntervalMs
  }

  /** The wider range was held for long enough: those who ask for it know better by now, or are told. */
  private endGrace(prefixes: PrefixHolders): void {
    const { partition, filetuples } = this.state
    const { saidDepth } = prefixes
    if (partition.buckets >= 2 ** (saidDepth + 1) || this.state.now() < this.graceUntilMs) return
    this.state.setTableDepth(saidDepth)
    prefixes.completeDepth = saidDepth
    filetuples.retain(hash32 => covers(saidDepth, this.ownHash, hash32))
  }

  private merge(prefixes: PrefixHolders): void {
    const depth = prefixes.saidDepth - 1
    const range = rangeOf(prefixOf(this.ownHash, depth + 1) ^ 1, depth + 1)
    this.state.setTableDepth(depth)
    this.graceUntilMs = 0
    this.pull(range, isComplete => {
      if (!isComplete) return
      prefixes.completeDepth = depth
      this.say(prefixes, depth)
      this.onWider()
    })
  }

  /** Keys that nobody else keeps are taken over at once, with what is left of them. */
  private widen(prefixes: PrefixHolders, depth: number): void {
    this.state.setTableDepth(depth)
    this.say(prefixes, depth)
    this.onWider()
    this.pull(rangeOf(prefixOf(this.ownHash, depth), depth), () => {
      prefixes.completeDepth = depth
    })
  }

  private say(prefixes: PrefixHolders, depth: number): void {
    prefixes.saidDepth = depth
    this.state.own.depth = depth
    this.confirmations = 0
  }

  /** From one member of the range after the other until one has given everything; complete where nobody is. */
  private pull(range: HashRange, done: (isComplete: boolean) => void): void {
    const { roster, environment, holders } = this.state
    const isThere = (peer: PeerHandle) =>
      !roster.isSuspect(peer) && isInRange(environment.hash32(peer), range.low, range.high)
    const sources = holders.sources().filter(isThere).slice(0, MAX_PULL_SOURCES)
    const costs = new Costs(this.state.now())
    const hadSources = sources.length > 0
    this.isPulling = true
    const next = () => {
      const source = sources.shift()
      if (source === undefined) finish(!hadSources)
      else
        this.pulling.drain(source, range, costs, drained => (drained === 'complete' ? finish(true) : next()))
    }
    const finish = (isComplete: boolean) => {
      this.isPulling = false
      done(isComplete)
    }
    next()
  }
}
