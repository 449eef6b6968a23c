import type { Crowd } from './crowd.ts'
import { CHECKED_VIEWS } from './experiment-limits.ts'
import type { Files } from './files.ts'
import type { KelipsProbe } from './kelips-probe.ts'
import { FAILURE_CAUSES, type LookupTally } from './lookup-log.ts'
import { rounded } from './rounded.ts'
import { Samples } from './samples.ts'
import type { IntervalTraffic } from './traffic-meter.ts'
import type { TruthReport } from './truth.ts'

/** One row of the time series: what was measured in an interval, and what was true at its end. */
export type Interval = Readonly<Record<string, number>>

/** What the nodes have in their tables at one time. Entries: members, contacts and filetuples. */
export interface TableSizes {
  readonly viewMean: number
  readonly contactsMean: number
  readonly filetuplesMean: number
  readonly entriesMean: number
  /** Entries of a node with the best k for so many nodes and files: N/k - 1 + c (k - 1) + F/k. */
  readonly bestFixedEntries: number
  readonly bestFixedGroups: number
  readonly leastGroups: number
  readonly medianGroups: number
  readonly mostGroups: number
  /** Bytes of a simulated node's tables, without what nodes share. */
  readonly tableBytes: number
}

/** Looks into all honest nodes' tables; memory is measured at some of them. */
export function measureTables(crowd: Crowd<KelipsProbe>, files: Files, contactsPerGroup: number): TableSizes {
  const [views, contacts, filetuples, groups, memory] = Array.from({ length: 5 }, () => new Samples())
  const { numbers } = crowd.honest
  const memoryStep = Math.max(1, Math.floor(numbers.length / CHECKED_VIEWS))
  numbers.forEach((node, i) => {
    const probe = crowd.probe(node)!
    views!.add(probe.viewSize)
    contacts!.add(probe.contactCount)
    filetuples!.add(probe.filetupleCount)
    groups!.add(probe.groups)
    if (i % memoryStep === 0) memory!.add(probe.memoryBytes)
  })
  const means = [views, contacts, filetuples].map(samples => samples!.mean() ?? 0)
  const best = bestFixedK(crowd.joined.size, files.live, contactsPerGroup)
  return {
    viewMean: means[0]!,
    contactsMean: means[1]!,
    filetuplesMean: means[2]!,
    entriesMean: means[0]! + means[1]! + means[2]!,
    bestFixedEntries: best.entries,
    bestFixedGroups: best.groups,
    leastGroups: groups!.percentile(0) ?? 0,
    medianGroups: groups!.percentile(0.5) ?? 0,
    mostGroups: groups!.most() ?? 0,
    tableBytes: memory!.mean() ?? 0,
  }
}

/** The power of two k with which a node has the fewest entries (Kelips §2: the sum of the three tables). */
export function bestFixedK(
  nodes: number,
  files: number,
  contacts: number,
): { groups: number; entries: number } {
  let best = { groups: 1, entries: Math.max(0, nodes - 1) + files }
  for (let groups = 2; groups <= nodes; groups *= 2) {
    const entries = nodes / groups - 1 + contacts * (groups - 1) + files / groups
    if (entries < best.entries) best = { groups, entries }
  }
  return best
}

/** A row of the series. @param minute end of the interval, since the end of the warm-up. */
export function intervalOf(
  minute: number,
  crowd: Crowd<KelipsProbe>,
  files: Files,
  measured: {
    readonly lookups: LookupTally
    readonly traffic: IntervalTraffic
    readonly truth: TruthReport
    readonly tables: TableSizes
  },
): Interval {
  const { lookups, traffic, truth, tables } = measured
  const share = (part: number) => (lookups.count === 0 ? 1 : part / lookups.count)
  const causes = FAILURE_CAUSES.map(cause => [`failed: ${cause}`, lookups.failures.get(cause) ?? 0] as const)
  const row: Record<string, number> = {
    minute,
    nodes: crowd.living.size,
    joinedNodes: crowd.joined.size,
    liveFiles: files.live,
    lookups: lookups.count,
    successShare: share(lookups.found),
    oneHopShare: share(lookups.oneHop),
    firstTryShare: share(lookups.firstTry),
    warmShare: share(lookups.warm.ms.count),
    p50Ms: lookups.all.ms.percentile(0.5) ?? 0,
    p99Ms: lookups.all.ms.percentile(0.99) ?? 0,
    sentBytesPerSecond: traffic.sent.mean,
    sentBytesPerSecondP99: traffic.sent.p99,
    receivedBytesPerSecond: traffic.received.mean,
    receivedBytesPerSecondP99: traffic.received.p99,
    dialsPerNodePerMinute: traffic.dialsPerNodePerMinute,
    ...tables,
    ...truth,
    expiredPointers: lookups.expiredPointers,
    ...Object.fromEntries(causes),
  }
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, rounded(value)]))
}
