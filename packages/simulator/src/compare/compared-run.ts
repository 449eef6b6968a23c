import type { RunControl } from '../experiments/control.ts'
import { rounded } from '../experiments/rounded.ts'
import { ComparedNetwork, type Passage } from './compared-network.ts'
import type { ComparedOverlay } from './compared-overlays.ts'
import type { ComparedSetup } from './comparison.ts'
import { type Contestant, classicContestant, kelipsContestant } from './contestant.ts'
import { PURPOSES } from './message-meter.ts'

/** What one run of a comparison gives. The first fields are those that issue 5 asks for. */
export interface ComparedRun {
  readonly overlay: ComparedOverlay
  readonly nodes: number
  /** Share of the nodes that goes and is replaced in an hour. */
  readonly churn: number
  readonly seed: number
  readonly traceHash: string
  /** The provider's own live pointer was among the answers. */
  readonly successShare: number
  /** Of the lookups that found something; null: none did. */
  readonly hopsMean: number | null
  readonly hopsP99: number | null
  /** Until a lookup ended, whatever came of it; null: there was none. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** That all nodes together sent for lookups. */
  readonly messagesPerLookup: number
  /** The same in bytes, framing and the dials that these messages needed included. */
  readonly bytesPerLookup: number
  /** That a node sent for anything but lookups: maintenance, publications, joins, and dials for these. */
  readonly backgroundBytesPerSecond: number
  readonly memoryBytesMean: number
  readonly memoryBytesMax: number
  /** Messages received by the node that received most, in multiples of the mean. */
  readonly loadMaxOverMean: number
  /** The same of messages of lookups. */
  readonly lookupLoadMaxOverMean: number
  /** Pointers that were sent because nodes came (and went, where there is churn), for each that came. */
  readonly keysMovedPerJoin: number | null
  readonly bytesPerJoin: number | null
  /** What a node sends where each looks something up once a minute: background and a sixtieth of a lookup. */
  readonly bytesPerSecond: number
  /** The background's parts, in bytes a second and node. */
  readonly background: Readonly<Record<string, number>>
  /** Of a lookup's bytes: what opening connections took. */
  readonly dialBytesPerLookup: number
  readonly lookups: number
  /** Whose asker or provider went away in between: they say nothing. */
  readonly abandonedLookups: number
  /** Lookups that failed, by what their machines said. */
  readonly failures: Readonly<Record<string, number>>
  /** From the settling on, by the roles of those who went: `server`, `supernode`; `node` where there are none. */
  readonly departures: Readonly<Record<string, number>>
  /** At the end of the measured minutes. */
  readonly joinedNodes: number
  readonly liveFiles: number
  readonly virtualMinutes: number
  readonly events: number
  readonly wallSeconds: number
  readonly interrupted: boolean
}

/** Runs one network here and now. Same setup, same figures but for wall time. */
export function runCompared(setup: ComparedSetup, control: RunControl = {}): ComparedRun {
  return setup.overlay === 'kelips'
    ? measure(setup, kelipsContestant(setup), control)
    : measure(setup, classicContestant(setup.overlay), control)
}

function measure<Probe>(
  setup: ComparedSetup,
  contestant: Contestant<Probe>,
  control: RunControl,
): ComparedRun {
  const startedMs = performance.now()
  const network = new ComparedNetwork(setup, contestant, control)
  network.run()
  return {
    ...figuresOf(setup, network),
    wallSeconds: rounded((performance.now() - startedMs) / 1000),
    interrupted: network.isInterrupted,
  }
}

function figuresOf<Probe>(
  { overlay, nodes, churn, seed }: ComparedSetup,
  network: ComparedNetwork<Probe>,
): Omit<ComparedRun, 'wallSeconds' | 'interrupted'> {
  const { figures, simulation, imbalance, population, memory, lookups, measured } = network
  const background = backgroundOf(measured, population.mean)
  const backgroundBytesPerSecond = Object.values(background).reduce((sum, part) => sum + part, 0)
  const lookup = costOfLookup(network.drained, lookups.begun)
  return {
    overlay,
    nodes,
    churn,
    seed,
    traceHash: simulation.traceHash(),
    successShare: rounded(figures.successShare),
    hopsMean: roundedOrNull(figures.hops.mean()),
    hopsP99: roundedOrNull(figures.hops.percentile(0.99)),
    p50Ms: roundedOrNull(figures.ms.percentile(0.5)),
    p99Ms: roundedOrNull(figures.ms.percentile(0.99)),
    messagesPerLookup: rounded(lookup.messages),
    bytesPerLookup: rounded(lookup.bytes),
    backgroundBytesPerSecond: rounded(backgroundBytesPerSecond),
    memoryBytesMean: Math.round(memory.mean() ?? 0),
    memoryBytesMax: Math.round(memory.most() ?? 0),
    loadMaxOverMean: rounded(imbalance.messages),
    lookupLoadMaxOverMean: rounded(imbalance.lookups),
    ...joinsOf(network.joining),
    bytesPerSecond: rounded(backgroundBytesPerSecond + lookup.bytes / 60),
    background: mapValues(background, rounded),
    dialBytesPerLookup: rounded(lookup.dialBytes),
    lookups: figures.count,
    abandonedLookups: lookups.abandoned,
    failures: figures.failures,
    departures: network.departures,
    joinedNodes: population.end,
    liveFiles: network.files.live,
    virtualMinutes: rounded((measured?.durationMs ?? 0) / 60_000),
    events: simulation.clock.events,
  }
}

function costOfLookup(passage: Passage | undefined, lookups: number) {
  if (passage === undefined || lookups === 0) return { messages: 0, bytes: 0, dialBytes: 0 }
  const { messages, bytes, dialBytes } = passage.traffic.by.lookup
  return {
    messages: messages / lookups,
    bytes: (bytes + dialBytes) / lookups,
    dialBytes: dialBytes / lookups,
  }
}

/** Bytes a second and node by what they were sent for, dials by themselves; no lookups. */
function backgroundOf(passage: Passage | undefined, nodes: number): Record<string, number> {
  if (passage === undefined || passage.durationMs === 0 || nodes === 0) return {}
  const { by } = passage.traffic
  const nodeSeconds = (nodes * passage.durationMs) / 1000
  const parts: Record<string, number> = { dials: 0 }
  for (const purpose of PURPOSES) {
    if (purpose === 'lookup') continue
    parts[purpose] = by[purpose].bytes / nodeSeconds
    parts.dials! += by[purpose].dialBytes / nodeSeconds
  }
  return parts
}

function joinsOf(passage: Passage | undefined): Pick<ComparedRun, 'keysMovedPerJoin' | 'bytesPerJoin'> {
  if (passage === undefined || passage.joins === 0) return { keysMovedPerJoin: null, bytesPerJoin: null }
  const { pointersMoved, by } = passage.traffic
  return {
    keysMovedPerJoin: rounded(pointersMoved / passage.joins),
    bytesPerJoin: rounded(by.join.bytes / passage.joins),
  }
}

function roundedOrNull(value: number | undefined): number | null {
  return value === undefined ? null : rounded(value)
}

function mapValues(record: Readonly<Record<string, number>>, map: (value: number) => number) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
