import type { RunControl } from './control.ts'
import type { Experiment, KelipsExperiment } from './experiment.ts'
import { liveMemoryBytes } from './live-memory.ts'
import { describeMachine, peakRssBytes } from './machine-description.ts'
import { runMemoryExperiment } from './memory-run.ts'
import { NetworkRun, warmUpSeconds } from './network-run.ts'
import { type ExperimentResult, lookupFigures, type NetworkResult } from './result.ts'
import { rounded } from './rounded.ts'
import type { IntervalTraffic } from './traffic-meter.ts'

/** Runs an experiment that {@link readExperiment} has made, here and now. Same experiment, same result but for wall times. */
export function runExperiment(experiment: Experiment, control: RunControl = {}): ExperimentResult {
  return experiment.kind === 'memory'
    ? runMemoryExperiment(experiment, control)
    : runNetworkExperiment(experiment, control)
}

function runNetworkExperiment(experiment: KelipsExperiment, control: RunControl): NetworkResult {
  const startedMs = performance.now()
  const run = new NetworkRun(experiment, control)
  run.run()
  return resultOf(run, startedMs)
}

function resultOf(run: NetworkRun, startedMs: number): NetworkResult {
  const { experiment, simulation, log, series, turnover, files } = run
  const nowMs = performance.now()
  const wallSeconds = (nowMs - startedMs) / 1000
  const traffic = roundedTraffic(run.traffic.look())
  const tables = series.at(-1) ?? {}
  const measuredSeconds = run.measureStartedMs === 0 ? 0 : (nowMs - run.measureStartedMs) / 1000
  return {
    nodes: experiment.nodes,
    seed: experiment.seed,
    traceHash: simulation.traceHash(),
    virtualMinutes: rounded(run.measuredMinutes),
    wallSeconds: rounded(wallSeconds),
    peakRssBytes: peakRssBytes(),
    lookups: lookupFigures(log.total),
    bandwidthBytesPerSecond: traffic.sent.mean,
    memoryBytesPerNode: liveMemoryBytes(run.crowd, experiment),
    warmUpMinutes: rounded(warmUpSeconds(experiment) / 60),
    interrupted: run.isInterrupted,
    bandwidth: traffic,
    tables,
    publications: { live: files.live, unconfirmed: files.unconfirmed, preloaded: run.preloaded },
    departures: turnover.departures,
    abandonedLookups: run.lookups.abandoned,
    disturbances: disturbancesOf(run),
    phases: run.phases.events.map(({ atMinutes, what }) => ({ atMinutes: rounded(atMinutes), what })),
    worstStateRatio: rounded(
      Math.max(0, ...series.map(row => row.entriesMean! / Math.max(1, row.bestFixedEntries!))),
    ),
    ...(run.convergence === undefined ? {} : { convergence: run.convergence.report() }),
    ...(run.dissemination === undefined ? {} : { dissemination: run.dissemination.report() }),
    events: simulation.clock.events,
    eventsPerSecond: Math.round(simulation.clock.events / wallSeconds),
    wallSecondsPerVirtualMinute: rounded(measuredSeconds / Math.max(1e-9, run.measuredMinutes)),
    machine: describeMachine(),
    experiment,
    series,
  }
}

function disturbancesOf({ phases, log }: NetworkRun): NetworkResult['disturbances'] {
  return phases.events
    .filter(({ isDisturbance }) => isDisturbance)
    .map(({ atMinutes, what }) => ({
      atMinutes: rounded(atMinutes),
      what,
      recoverySeconds: log.recoverySeconds(atMinutes) ?? null,
    }))
}

function roundedTraffic(traffic: IntervalTraffic): IntervalTraffic {
  const spread = (rates: IntervalTraffic['sent']) => ({
    mean: rounded(rates.mean),
    p50: rounded(rates.p50),
    p99: rounded(rates.p99),
    most: rounded(rates.most),
  })
  return {
    sent: spread(traffic.sent),
    received: spread(traffic.received),
    dialsPerNodePerMinute: rounded(traffic.dialsPerNodePerMinute),
    messagesPerNodePerSecond: rounded(traffic.messagesPerNodePerSecond),
  }
}
