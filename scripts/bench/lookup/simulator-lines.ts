import type { Line, Round, SuiteOptions } from '../suite.ts'
import { metric } from '../suite.ts'
import type { SimulatorParameters } from './simulator-task.ts'

/** A simulated network. */
export interface SimulatorCase {
  readonly name: string
  readonly parameters: SimulatorParameters
}

const SMALL_WARM_UP = { joinSeconds: 60, publishSeconds: 30, settleSeconds: 30 }
const LARGE_WARM_UP = { joinSeconds: 300, publishSeconds: 60, settleSeconds: 60 }

function simulated(nodes: number, warmUp: SimulatorParameters['warmUp']): SimulatorCase {
  return { name: `simulator-${nodes}`, parameters: { nodes, files: 2 * nodes, minutes: 1, warmUp } }
}

/** 100,000 nodes take long, and most of the memory of a usual machine. */
export function simulatorCases({ quick, large }: SuiteOptions): readonly SimulatorCase[] {
  if (quick) return [simulated(300, SMALL_WARM_UP)]
  const small = simulated(10_000, SMALL_WARM_UP)
  return large ? [small, simulated(100_000, LARGE_WARM_UP)] : [small]
}

const MEGABYTES_AT_MOST = 16_000
const SECONDS_IN_A_MINUTE = 60

export function simulatorLines({ name, parameters }: SimulatorCase): readonly Line[] {
  const where = `simulator, ${parameters.nodes.toLocaleString('en-US')} nodes`
  const value = (of: string) => (round: Round) => metric(round, name, of)
  const line = (what: string, unit: string, of: string, label: string): Line => ({
    name: `${name}-${label}`,
    what: `${where}: ${what}`,
    tasks: [name],
    unit,
    measured: value(of),
  })
  return [
    line('events', '/s', 'eventsPerSecond', 'events'),
    {
      ...line('wall time of a virtual minute', 's', 'wallSecondsPerVirtualMinute', 'minute'),
      target: { atMost: SECONDS_IN_A_MINUTE },
    },
    {
      ...line('peak memory', 'MB', 'peakRssMegabytes', 'memory'),
      target: { atMost: MEGABYTES_AT_MOST },
    },
    line('tables of a node', 'kB', 'tableKilobytesPerNode', 'tables'),
  ]
}
