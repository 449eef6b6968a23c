import type { ConvergenceReport } from './convergence.ts'
import type { DisseminationReport } from './dissemination.ts'
import type { KelipsExperiment, MemoryExperiment } from './experiment.ts'
import type { Interval } from './interval.ts'
import { FAILURE_CAUSES, type LatencyTally, type LookupTally } from './lookup-log.ts'
import { rounded } from './rounded.ts'
import type { RateSpread } from './traffic-meter.ts'

/** Times of lookups. */
export interface LatencyFigures {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** In multiples of the round-trip time, to the nearest connected peer asked first, or to the nearest; absent where the latency model has none. */
  readonly p50Rtts?: number
  readonly p99Rtts?: number
}

/** What came of the lookups. Shares are of `count`. */
export interface LookupFigures {
  readonly count: number
  /** Found over at most one hop. */
  readonly oneHopShare: number
  /** The provider's own live pointer was among the answers. */
  readonly successShare: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Found by the own table or by those asked at once in the beginning. */
  readonly firstTryShare: number
  /** Found in the own table. */
  readonly ownTableShare: number
  /** At least one of those asked first was connected. */
  readonly warmShare: number
  readonly warm: LatencyFigures
  readonly cold: LatencyFigures
  /** Expired pointers among the answers: must be 0. */
  readonly expiredPointers: number
  readonly failures: Readonly<Record<string, number>>
}

/** A kill, a partition or its end, and what became of the lookups. */
export interface Disturbance {
  readonly atMinutes: number
  readonly what: string
  /** Until at least 99 % of the lookups of every 5 s succeed; null: not before the end. */
  readonly recoverySeconds: number | null
}

/** The machine and the program that made a result. */
export interface MachineDescription {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly node: string
  readonly platform: string
}

/** What an experiment with a network gives. The first fields are those that issue 4 asks for. */
export interface NetworkResult {
  readonly nodes: number
  readonly seed: number
  readonly traceHash: string
  /** Measured, after the warm-up. */
  readonly virtualMinutes: number
  readonly wallSeconds: number
  readonly peakRssBytes: number
  readonly lookups: LookupFigures
  /** Sent by a node on average, everything included. */
  readonly bandwidthBytesPerSecond: number
  /** Tables of a live node on average: what simulated nodes share is packed for it alone. */
  readonly memoryBytesPerNode: number
  readonly warmUpMinutes: number
  readonly interrupted: boolean
  readonly bandwidth: {
    readonly sent: RateSpread
    readonly received: RateSpread
    readonly dialsPerNodePerMinute: number
    readonly messagesPerNodePerSecond: number
  }
  /** At the end. */
  readonly tables: Interval
  readonly publications: { readonly live: number; readonly unconfirmed: number; readonly preloaded: number }
  readonly departures: number
  readonly abandonedLookups: number
  readonly disturbances: readonly Disturbance[]
  readonly phases: readonly { readonly atMinutes: number; readonly what: string }[]
  /** Entries of a node, at their most against those with the best fixed k at the same time; the mean of all nodes. */
  readonly worstStateRatio: number
  readonly convergence?: ConvergenceReport
  readonly dissemination?: DisseminationReport
  readonly events: number
  readonly eventsPerSecond: number
  readonly wallSecondsPerVirtualMinute: number
  readonly machine: MachineDescription
  readonly experiment: KelipsExperiment
  readonly series: readonly Interval[]
}

/** One node's full tables at one k. */
export interface MemoryRow {
  readonly groups: number
  readonly chosen: boolean
  readonly members: number
  readonly contacts: number
  readonly filetuples: number
  readonly entries: number
  /** Of all arrays of the tables. */
  readonly bytes: number
  readonly bytesPerEntry: number
  /** What the process grew by. */
  readonly processBytes: number
}

/** What building one node's tables gives. */
export interface MemoryResult {
  readonly nodes: number
  readonly seed: number
  readonly files: number
  readonly wallSeconds: number
  readonly peakRssBytes: number
  readonly memoryBytesPerNode: number
  readonly interrupted: boolean
  readonly rows: readonly MemoryRow[]
  readonly machine: MachineDescription
  readonly experiment: MemoryExperiment
}

export type ExperimentResult = NetworkResult | MemoryResult

/** Fields that hang on the machine and not on the seed. */
const WALL_FIELDS = [
  'wallSeconds',
  'peakRssBytes',
  'eventsPerSecond',
  'wallSecondsPerVirtualMinute',
  'machine',
] as const

/** What must be the same for the same experiment, wherever it ran. */
export function reproduciblePart(result: ExperimentResult): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = { ...result }
  for (const name of WALL_FIELDS) delete fields[name]
  return fields
}

/** The figures of a tally. */
export function lookupFigures(tally: LookupTally): LookupFigures {
  const share = (part: number) => (tally.count === 0 ? 0 : rounded(part / tally.count))
  return {
    count: tally.count,
    oneHopShare: share(tally.oneHop),
    successShare: share(tally.found),
    p50Ms: rounded(tally.all.ms.percentile(0.5) ?? 0),
    p99Ms: rounded(tally.all.ms.percentile(0.99) ?? 0),
    firstTryShare: share(tally.firstTry),
    ownTableShare: share(tally.ownTable),
    warmShare: share(tally.warm.ms.count),
    warm: latencyFigures(tally.warm),
    cold: latencyFigures(tally.cold),
    expiredPointers: tally.expiredPointers,
    failures: Object.fromEntries(FAILURE_CAUSES.map(cause => [cause, tally.failures.get(cause) ?? 0])),
  }
}

function latencyFigures({ ms, rtts }: LatencyTally): LatencyFigures {
  const figures = {
    count: ms.count,
    p50Ms: rounded(ms.percentile(0.5) ?? 0),
    p99Ms: rounded(ms.percentile(0.99) ?? 0),
  }
  if (rtts.count === 0) return figures
  return {
    ...figures,
    p50Rtts: rounded(rtts.percentile(0.5)!),
    p99Rtts: rounded(rtts.percentile(0.99)!),
  }
}
