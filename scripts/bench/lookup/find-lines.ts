import type { Line, Round } from '../suite.ts'
import { metric } from '../suite.ts'
import type { System } from './host-operations.ts'
import { describeScenario, type Scenario, taskOf } from './scenario.ts'

/** Issue 4: a lookup may cost 1.3 bare requests, and must be 20 times as fast as kad-dht's. */
const MOST_BARE_REQUESTS = 1.3
const LEAST_TIMES_FASTER = 20

interface Reading {
  readonly name: string
  readonly what: string
  readonly metric: string
  readonly unit: string
}

/** kad-dht's time against ours: how many times as fast we are. */
const FASTER: readonly Reading[] = [
  {
    name: 'first-p50',
    what: 'findProviders, first provider from a peer, p50',
    metric: 'askedFirstP50Ms',
    unit: 'ms',
  },
  { name: 'first-p99', what: 'first provider from a peer, p99', metric: 'askedFirstP99Ms', unit: 'ms' },
  { name: 'complete-p50', what: 'all providers, p50', metric: 'completeP50Ms', unit: 'ms' },
  { name: 'complete-p99', what: 'all providers, p99', metric: 'completeP99Ms', unit: 'ms' },
  { name: 'provide-p50', what: 'provide, p50', metric: 'provideP50Ms', unit: 'ms' },
  { name: 'provide-p99', what: 'provide, p99', metric: 'provideP99Ms', unit: 'ms' },
]

/** Ours, with kad-dht's beside it. */
const COSTS: readonly Reading[] = [
  { name: 'find-messages', what: 'messages sent for a findProviders', metric: 'findMessages', unit: 'sent' },
  {
    name: 'find-bytes',
    what: 'bytes at the sockets for a findProviders, both ways',
    metric: 'findBytes',
    unit: 'B',
  },
  { name: 'provide-messages', what: 'messages sent for a provide', metric: 'provideMessages', unit: 'sent' },
  {
    name: 'provide-bytes',
    what: 'bytes at the sockets for a provide, both ways',
    metric: 'provideBytes',
    unit: 'B',
  },
  { name: 'rss', what: 'RSS a node, over the empty process', metric: 'rssMegabytesPerNode', unit: 'MB' },
  { name: 'heap', what: 'heap and buffers a node, collected', metric: 'heapMegabytesPerNode', unit: 'MB' },
  { name: 'connections', what: 'open connections a node', metric: 'connectionsPerNode', unit: 'open' },
]

/** Shares of all operations, without a bound. */
const SHARES: readonly Reading[] = [
  { name: 'asked', what: 'findProviders that needed a peer', metric: 'askedShare', unit: '%' },
  { name: 'not-found', what: 'findProviders without an answer', metric: 'notFoundShare', unit: '%' },
  { name: 'provide-errors', what: 'provide that failed', metric: 'provideErrorShare', unit: '%' },
]

function reader(scenario: Scenario, system: System) {
  const task = taskOf(scenario, system)
  return (name: string, factor = 1) =>
    (round: Round): number =>
      factor * metric(round, task, name)
}

/** Bare requests: over a stream of ours, and over the one that libp2p gives its users. */
const BASES = [
  { name: 'framed', metric: 'bare', referenceName: 'bare request' },
  { name: 'lp-stream', metric: 'lpStream', referenceName: 'over lpStream' },
]

function bareLines(scenario: Scenario): Line[] {
  const ours = reader(scenario, 'kelips')
  return BASES.flatMap(base =>
    (['P50', 'P99'] as const).map(share => {
      const line: Line = {
        name: `${scenario.name}-${base.name}-${share.toLowerCase()}`,
        what: `${describeScenario(scenario)}: our findProviders, first provider from a peer, ${share.toLowerCase()}`,
        tasks: [taskOf(scenario, 'kelips')],
        unit: 'ms',
        measured: ours(`askedFirst${share}Ms`),
        reference: ours(`${base.metric}${share}Ms`),
        referenceName: base.referenceName,
      }
      return share === 'P50' ? { ...line, target: { atMost: MOST_BARE_REQUESTS } } : line
    }),
  )
}

/** The lines of one network. */
export function findLines(scenario: Scenario): readonly Line[] {
  const ours = reader(scenario, 'kelips')
  const theirs = reader(scenario, 'kad-dht')
  const tasks = [taskOf(scenario, 'kelips'), taskOf(scenario, 'kad-dht')]
  const where = describeScenario(scenario)
  const base = ({ name, what, unit }: Reading) => ({
    name: `${scenario.name}-${name}`,
    what: `${where}: ${what}`,
    tasks,
    unit,
  })
  const faster = FASTER.map(
    (reading): Line => ({
      ...base(reading),
      what: `${where}: kad-dht, ${reading.what}`,
      measured: theirs(reading.metric),
      reference: ours(reading.metric),
      referenceName: 'ms ours',
      target: { atLeast: LEAST_TIMES_FASTER },
    }),
  )
  const costs = COSTS.map(
    (reading): Line => ({
      ...base(reading),
      measured: ours(reading.metric),
      reference: theirs(reading.metric),
      referenceName: 'kad-dht',
    }),
  )
  const shares = SHARES.map(
    (reading): Line => ({
      ...base(reading),
      measured: ours(reading.metric, 100),
      reference: theirs(reading.metric, 100),
      referenceName: 'kad-dht',
    }),
  )
  return [...bareLines(scenario), ...faster, ...costs, ...shares]
}
