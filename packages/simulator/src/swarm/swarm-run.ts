import type { ExperimentControl } from '../experiments/run-several.ts'
import { ARRIVAL_SPREAD_MS, LOOK_INTERVAL_MS, RUN_LIMIT_MS } from './swarm-limits.ts'
import type {
  LinkRates,
  SwarmBehaviour,
  SwarmParameters,
  SwarmRole,
  SwarmStrategy,
} from './swarm-parameters.ts'
import { type GroupReport, reportGroups } from './swarm-report.ts'
import { SwarmWorld } from './swarm-world.ts'

/** What a seed leaves behind. */
export interface CopiesLeft {
  /** Pieces that nobody else has. */
  readonly lost: number
  /** Fewest copies of a piece. */
  readonly fewest: number
}

/** What came of one swarm. */
export interface SwarmRun {
  readonly strategy: SwarmStrategy
  readonly seed: number
  readonly groups: readonly GroupReport[]
  /** Nodes that have everything, or had when they left. */
  readonly finished: number
  /** Bytes that the seed sent, by the content's: how many copies. */
  readonly seedCopies: number
  /** Copies of pieces among those that stayed, when the seed left; undefined while it stays. */
  readonly copiesLeft?: CopiesLeft
  readonly virtualSeconds: number
  readonly events: number
  readonly traceHash: string
}

/** Runs a swarm until everybody has finished, or nobody can. Same parameters, same run. */
export function runSwarm(
  parameters: SwarmParameters,
  strategy: SwarmStrategy,
  control: ExperimentControl,
): SwarmRun {
  const world = new SwarmWorld(parameters, strategy)
  const seed = world.add('seed', parameters.seedRates)
  let copiesLeft: CopiesLeft | undefined
  const comers = comersOf(parameters)
  for (const { role, rates } of comers) {
    world.clock.setTimer(world.random.next() * ARRIVAL_SPREAD_MS, () => world.add(role, rates))
  }
  const isOver = () => {
    if (!seed.isPresent) copiesLeft ??= countCopies(world)
    if (world.nodes.length <= comers.length) return false
    return world.present.size === (seed.isPresent ? 1 : 0) || (!seed.isPresent && hasNothingToTrade(world))
  }
  while (!isOver() && world.clock.elapsedMs < RUN_LIMIT_MS && !control.isInterrupted()) {
    world.clock.runUntil(isOver, LOOK_INTERVAL_MS)
    control.progress(shareDone(world, parameters))
  }
  return {
    ...{ strategy, seed: parameters.seed },
    groups: reportGroups(world),
    finished: world.nodes.filter(({ completedMs }) => completedMs !== undefined).length,
    seedCopies: seed.sentBytes / parameters.contentBytes,
    ...(copiesLeft === undefined ? {} : { copiesLeft }),
    virtualSeconds: world.clock.elapsedMs / 1000,
    events: world.clock.events,
    traceHash: world.trace.digest(),
  }
}

/** The leechers. Each behaviour has rates from all over the list, in equal parts. */
function comersOf({ leechers, others, rates }: SwarmParameters): { role: SwarmRole; rates: LinkRates }[] {
  const deviants = Object.entries(others) as [SwarmBehaviour, number][]
  const deviating = deviants.reduce((sum, [, count]) => sum + count, 0)
  const groups: [SwarmBehaviour, number][] = [['compliant', leechers - deviating], ...deviants]
  return groups.flatMap(([role, count]) =>
    Array.from({ length: count }, (_, i) => ({
      role,
      rates: rates[Math.floor(((i + 0.5) * rates.length) / count)]!,
    })),
  )
}

function countCopies({ copies }: SwarmWorld): CopiesLeft {
  return { lost: copies.filter(count => count === 0).length, fewest: Math.min(...copies) }
}

/** Nobody who is there lacks anything that anybody else has. */
function hasNothingToTrade(world: SwarmWorld): boolean {
  for (const node of world.present) {
    const { have } = node.machine
    if (!have) return false
    for (let piece = 0; piece < world.copies.length; piece++) {
      if (world.copies[piece]! > 0 && !have.has(piece)) return false
    }
  }
  return true
}

function shareDone(world: SwarmWorld, { leechers }: SwarmParameters): number {
  let pieces = 0
  for (const node of world.nodes) if (node.role !== 'seed') pieces += node.machine.have?.count ?? 0
  return pieces / (leechers * world.copies.length)
}
