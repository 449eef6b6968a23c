/** Simulates a network of one overlay, as `onehop compare` does, and measures the simulator while it is measured. */
import { type ComparedSetup, type Progress, readComparison, runCompared, setupsOf } from '@onehop/simulator'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'

/** What is simulated: every node looks something up once a minute. */
export interface OverlayParameters {
  readonly overlay: string
  readonly nodes: number
  readonly minutes: number
}

const SEED = 1
const FILES_PER_NODE = 1

function setupOf({ overlay, nodes, minutes }: OverlayParameters): ComparedSetup {
  const lookups = Math.max(1, Math.round(nodes * minutes))
  const workload = { minutes, lookups, filesPerNode: FILES_PER_NODE, seed: SEED, latency: { model: 'king' } }
  const read = readComparison({ overlays: [overlay], nodes: [nodes], churn: [0], ...workload })
  if (!read.ok) throw new Error(read.detail ?? read.code)
  return setupsOf(read.value)[0]!
}

/** Times the stages of a run by what it tells of its progress. */
class StageTimer {
  private readonly watch = new Stopwatch()
  private readonly costs = new Map<Progress['stage'], number>()
  private readonly eventsUntil = new Map<Progress['stage'], number>()
  private spent = 0
  private stage: Progress['stage'] = 'building'

  readonly onProgress = ({ stage, events }: Progress): void => {
    const { cpuSeconds } = this.watch.stop()
    this.watch.start()
    this.costs.set(this.stage, (this.costs.get(this.stage) ?? 0) + cpuSeconds - this.spent)
    this.spent = cpuSeconds
    this.eventsUntil.set(stage, events)
    this.stage = stage
  }

  cpuSecondsOf(...stages: readonly Progress['stage'][]): number {
    return stages.reduce((sum, stage) => sum + (this.costs.get(stage) ?? 0), 0)
  }

  /** Events of the stage, when another one was told of before it. */
  eventsOf(stage: Progress['stage'], before: Progress['stage']): number {
    return (this.eventsUntil.get(stage) ?? 0) - (this.eventsUntil.get(before) ?? 0)
  }
}

const run: TaskRun = async parameters => {
  const setup = setupOf(parameters as unknown as OverlayParameters)
  const timer = new StageTimer()
  const result = runCompared(setup, { onProgress: timer.onProgress })
  const cpuSeconds = timer.cpuSecondsOf('measuring')
  return {
    cpuSecondsPerVirtualMinute: cpuSeconds / result.virtualMinutes,
    eventsPerCpuSecond: timer.eventsOf('measuring', 'settling') / cpuSeconds,
    upCpuSeconds: timer.cpuSecondsOf('building', 'joining', 'publishing', 'settling'),
    peakRssMegabytes: process.resourceUsage().maxRSS / 1024,
    successShare: result.successShare,
    messagesPerLookup: result.messagesPerLookup,
  }
}

export default run
