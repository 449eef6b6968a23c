import type { SeededRandom } from '@onehop/primitives'
import type { HostOperations, System } from './host-operations.ts'
import { HostProcess } from './host-process.ts'
import type { Joined } from './lookup-node.ts'

/** The layout of a measured network. */
export interface NetworkShape {
  readonly system: System
  readonly nodes: number
  /** Processes that host them, each with an equal share. */
  readonly processes: number
  readonly oneWayDelayMs: number
}

/** Nodes join in this many at a time: all at once is another experiment. */
const JOINING_AT_ONCE = 5

/** Whom a new node dials: some that are there already, as a list of introducers would name them. */
const INTRODUCERS = 3

/** The network has settled when every node says so and tables have not changed for this long. */
const QUIET_MS = 5_000
const LONGEST_SETTLING_MS = 120_000

function after(delayMs: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, delayMs))
}

type NodeOperation = 'join' | 'provide' | 'find' | 'openStreams' | 'requests'
type Rest<Name extends NodeOperation> =
  Parameters<HostOperations[Name]> extends [number, ...infer Others] ? Others : never

/** A network of one system's nodes in several processes; nodes are numbered through all of them. */
export class BenchNetwork {
  readonly shape: NetworkShape
  private readonly hosts: HostProcess[] = []
  private readonly addresses: string[] = []

  constructor(shape: NetworkShape) {
    this.shape = shape
  }

  /** Starts all nodes, joins them one group after the other, and waits until the tables are as they will stay. */
  async start(random: SeededRandom): Promise<{ readonly settlingMs: number; readonly isSettled: boolean }> {
    const { system, nodes, processes, oneWayDelayMs } = this.shape
    for (let i = 0; i < processes; i++) this.hosts.push(new HostProcess())
    const shares = await Promise.all(
      this.hosts.map((host, i) =>
        host.call('start', { system, nodes: shareOf(nodes, processes, i), oneWayDelayMs }),
      ),
    )
    for (let node = 0; node < nodes; node++)
      this.addresses.push(shares[node % processes]![Math.floor(node / processes)]!)
    await this.joinAll(random)
    return this.settle()
  }

  /** Has a node do something. */
  on<Name extends NodeOperation>(
    name: Name,
    node: number,
    ...rest: Rest<Name>
  ): ReturnType<HostOperations[Name]> {
    const { processes } = this.shape
    const host = this.hosts[node % processes]!
    const parameters = [Math.floor(node / processes), ...rest] as unknown as Parameters<HostOperations[Name]>
    return host.call(name, ...parameters)
  }

  /** Of every node, in no particular order. */
  async ofAll<Name extends 'traffic' | 'joined'>(
    name: Name,
  ): Promise<Awaited<ReturnType<HostOperations[Name]>>> {
    const all = await Promise.all(this.hosts.map(host => host.call(name, ...([] as never))))
    return all.flat() as Awaited<ReturnType<HostOperations[Name]>>
  }

  /** What the processes have grown by, a node, in bytes. */
  async memoryPerNode(): Promise<{ readonly rssBytes: number; readonly heapBytes: number }> {
    const all = await Promise.all(this.hosts.map(host => host.call('memory')))
    const mean = (of: 'rssBytes' | 'heapBytes') =>
      all.reduce((sum, memory) => sum + memory[of], 0) / this.shape.nodes
    return { rssBytes: mean('rssBytes'), heapBytes: mean('heapBytes') }
  }

  async end(): Promise<void> {
    await Promise.all(this.hosts.map(host => host.end()))
  }

  private async joinAll(random: SeededRandom): Promise<void> {
    await this.on('join', 0, [])
    for (let first = 1; first < this.shape.nodes; first += JOINING_AT_ONCE) {
      const joining = Array.from({ length: Math.min(JOINING_AT_ONCE, this.shape.nodes - first) }, (_, i) => {
        const introducers = Array.from(
          { length: INTRODUCERS },
          () => this.addresses[Math.floor(random.next() * first)]!,
        )
        return this.on('join', first + i, [...new Set(introducers)])
      })
      await Promise.all(joining)
    }
  }

  private async settle(): Promise<{ readonly settlingMs: number; readonly isSettled: boolean }> {
    const beganMs = performance.now()
    let last = ''
    let changedAtMs = beganMs
    while (performance.now() - beganMs < LONGEST_SETTLING_MS) {
      const joined = await this.ofAll('joined')
      const nowMs = performance.now()
      const state = joined.map(({ peers }: Joined) => peers).join()
      if (state !== last || !joined.every(({ isSettled }: Joined) => isSettled)) changedAtMs = nowMs
      last = state
      if (nowMs - changedAtMs >= QUIET_MS) return { settlingMs: changedAtMs - beganMs, isSettled: true }
      await after(250)
    }
    return { settlingMs: LONGEST_SETTLING_MS, isSettled: false }
  }
}

function shareOf(nodes: number, processes: number, index: number): number {
  return Math.floor(nodes / processes) + (index < nodes % processes ? 1 : 0)
}
