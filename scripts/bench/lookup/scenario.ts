import type { System } from './host-operations.ts'

/** One network that both systems are measured in. */
export interface Scenario {
  /** Begins the names of its tasks and lines. */
  readonly name: string
  readonly nodes: number
  readonly processes: number
  readonly oneWayDelayMs: number
  readonly cids: number
  /** Different nodes that look each CID up. */
  readonly askersPerCid: Readonly<Record<System, number>>
}

/** As many as keep two cores busy without waiting for each other; the same for both systems. */
const PROCESSES = 4

/** A continent's width, one way; loopback itself takes none. */
const DELAY_MS = 20

/** kad-dht takes a second for what takes us a millisecond. */
const ASKERS = { kelips: 5, 'kad-dht': 2 }

function scenario(nodes: number, oneWayDelayMs: number): Scenario {
  const name = oneWayDelayMs === 0 ? `n${nodes}` : `n${nodes}-delay`
  return { name, nodes, processes: PROCESSES, oneWayDelayMs, cids: 100, askersPerCid: ASKERS }
}

const ALL = [scenario(50, 0), scenario(100, 0), scenario(50, DELAY_MS), scenario(100, DELAY_MS)]

const QUICK: readonly Scenario[] = [scenario(16, 0), scenario(16, DELAY_MS)].map(one => ({
  ...one,
  processes: 2,
  cids: 10,
  askersPerCid: { kelips: 2, 'kad-dht': 1 },
}))

export function scenarios(quick: boolean): readonly Scenario[] {
  return quick ? QUICK : ALL
}

/** Name of the task that measures the system in it. */
export function taskOf({ name }: Scenario, system: System): string {
  return `${name}-${system}`
}

/** For people. */
export function describeScenario({ nodes, oneWayDelayMs }: Scenario): string {
  return oneWayDelayMs === 0 ? `N = ${nodes}` : `N = ${nodes}, ${oneWayDelayMs} ms each way`
}
