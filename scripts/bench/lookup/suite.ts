import type { Suite, SuiteOptions, Task } from '../suite.ts'
import { BACKGROUND_LINES, BACKGROUND_TASK } from './background-lines.ts'
import type { BackgroundParameters } from './background-task.ts'
import { findLines } from './find-lines.ts'
import type { FindParameters } from './find-task.ts'
import type { System } from './host-operations.ts'
import { type Scenario, scenarios, taskOf } from './scenario.ts'
import { type SimulatorCase, simulatorCases, simulatorLines } from './simulator-lines.ts'

/** 100 nodes of kad-dht want some minutes for 100 publications and 200 lookups, one after the other. */
const LONGEST_TASK_MS = 20 * 60_000

const SYSTEMS: readonly System[] = ['kelips', 'kad-dht']

function task(name: string, file: string, parameters: object): Task {
  const module = new URL(file, import.meta.url).href
  return { name, module, parameters: { ...parameters }, nodeArguments: [], limitMs: LONGEST_TASK_MS }
}

function findTask(scenario: Scenario, system: System): Task {
  const { nodes, processes, oneWayDelayMs, cids, askersPerCid } = scenario
  const shape = { system, nodes, processes, oneWayDelayMs }
  const parameters: FindParameters = { ...shape, cids, askersPerCid: askersPerCid[system] }
  return task(taskOf(scenario, system), 'find-task.ts', parameters)
}

function backgroundTask({ quick }: SuiteOptions): Task {
  const shape = { system: 'kelips', oneWayDelayMs: 0 } as const
  const parameters: BackgroundParameters = quick
    ? { ...shape, nodes: 16, processes: 2, cids: 10, restSeconds: 5, measuredSeconds: 10 }
    : { ...shape, nodes: 50, processes: 4, cids: 100, restSeconds: 60, measuredSeconds: 60 }
  return task(BACKGROUND_TASK, 'background-task.ts', parameters)
}

/** For 100,000 nodes, whatever Node takes for the machine's due. */
const SIMULATOR_HEAP_MEGABYTES = 14_000

/** 100,000 nodes want an hour, the time until they have joined included. */
const LONGEST_SIMULATION_MS = 3 * 3_600_000

function simulatorTask({ name, parameters }: SimulatorCase): Task {
  return {
    ...task(name, 'simulator-task.ts', parameters),
    nodeArguments: [`--max-old-space-size=${SIMULATOR_HEAP_MEGABYTES}`],
    limitMs: LONGEST_SIMULATION_MS,
  }
}

/** The speed of issue 4: live lookups against kad-dht's and against a bare request, what runs in the background, the simulator. */
export const suite: Suite = {
  name: 'lookup',
  rounds: 1,
  async prepare(options) {
    const all = scenarios(options.quick)
    const live = all.flatMap(scenario => SYSTEMS.map(system => findTask(scenario, system)))
    const simulated = simulatorCases(options)
    return {
      tasks: [...live, backgroundTask(options), ...simulated.map(simulatorTask)],
      lines: [...all.flatMap(findLines), ...BACKGROUND_LINES, ...simulated.flatMap(simulatorLines)],
    }
  },
}
