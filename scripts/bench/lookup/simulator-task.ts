/** Simulates a Kelips network without churn, as `onehop simulate kelips` does, and measures the simulator. */
import { estimateMemoryBytes, readExperiment, runExperiment } from '@onehop/simulator'
import type { TaskRun } from '../suite.ts'

/** What is simulated. */
export interface SimulatorParameters {
  readonly nodes: number
  readonly files: number
  readonly minutes: number
  readonly warmUp: {
    readonly joinSeconds: number
    readonly publishSeconds: number
    readonly settleSeconds: number
  }
}

const run: TaskRun = async parameters => {
  const experiment = readExperiment({ ...parameters, latency: { model: 'king' }, zipf: 1 })
  if (!experiment.ok) throw new Error(`${experiment.code}: ${experiment.detail}`)
  const result = runExperiment(experiment.value)
  if (!('lookups' in result)) throw new Error('a network was to be simulated')
  return {
    eventsPerSecond: result.eventsPerSecond,
    wallSecondsPerVirtualMinute: result.wallSecondsPerVirtualMinute,
    wallSeconds: result.wallSeconds,
    peakRssMegabytes: result.peakRssBytes / 1e6,
    estimatedMegabytes: estimateMemoryBytes(experiment.value) / 1e6,
    tableKilobytesPerNode: result.memoryBytesPerNode / 1e3,
    successShare: result.lookups.successShare,
  }
}

export default run
