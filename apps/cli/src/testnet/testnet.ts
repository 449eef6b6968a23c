import { join } from 'node:path'
import { type NodeStatus, OVERLAYS, type OverlayName } from '@onehop/rpc'
import { fundNodes } from './funding.ts'
import { lockTestnet } from './lock.ts'
import { startMiners } from './mining.ts'
import { type LaunchOptions, NodeProcess } from './node-process.ts'
import { findFreePorts } from './ports.ts'
import { waitUntilConnected, waitUntilSynced } from './readiness.ts'
import { readHistory, removeRunning, writeHistory, writeRunning } from './state.ts'

/** What a testnet is started with. */
export interface TestnetOptions {
  readonly datadir: string
  readonly nodes: number
  /** What content is found by. Default: what it was found by the last time, at first `kelips`. */
  readonly overlay?: OverlayName | undefined
  /** How many of the nodes mine. */
  readonly miners: number
  /** Seconds between blocks; 0: only on demand. */
  readonly blockTimeSeconds: number
  /** Where the search for free RPC ports begins. */
  readonly firstRpcPort: number
  /** Where the search for free BitTorrent ports begins; 0: off. Default: behind the RPC ports. */
  readonly firstBtPort?: number | undefined
  /** Whether the nodes outlive this process. */
  readonly detach: boolean
  /** The launcher, `bin/onehop.js`. */
  readonly launcher: string
  /** Ends the start early: everything that was started is stopped again. */
  readonly signal?: AbortSignal | undefined
  /** Told what is being done. */
  readonly onPhase: (phase: string) => void
}

/** A local network of nodes, one process each, that this process started. */
export class Testnet {
  readonly datadir: string
  readonly nodes: readonly NodeProcess[]
  readonly overlay: OverlayName
  private readonly options: TestnetOptions
  private readonly unlock: () => void
  private readonly stopping = new AbortController()

  private constructor(options: TestnetOptions, nodes: readonly NodeProcess[], unlock: () => void) {
    this.datadir = options.datadir
    this.nodes = nodes
    this.overlay = options.overlay ?? readHistory(options.datadir).overlay ?? OVERLAYS[0]
    this.options = options
    this.unlock = unlock
  }

  /**
   * Starts the nodes and waits until all are connected, funded and synced. A chain from an earlier run goes on.
   * @throws {CommandFailure} when one of them cannot start, with its reason; the others are stopped again.
   */
  static async start(options: TestnetOptions): Promise<Testnet> {
    const unlock = lockTestnet(options.datadir)
    let testnet: Testnet | undefined
    try {
      const rpcPorts = await findFreePorts(options.nodes, options.firstRpcPort)
      const btPorts = await findBtPorts(options, rpcPorts)
      const nodes = rpcPorts.map((rpcPort, i) => {
        const name = `node${i + 1}`
        const btPort = btPorts[i] ?? 0
        return new NodeProcess({ name, datadir: join(options.datadir, name), rpcPort, btPort })
      })
      testnet = new Testnet(options, nodes, unlock)
      await testnet.bringUp()
      return testnet
    } catch (error) {
      await testnet?.stop()
      unlock()
      throw error
    }
  }

  /** The first node: it mines first, and the others join through it. */
  get first(): NodeProcess {
    return this.nodes[0]!
  }

  statuses(): Promise<NodeStatus[]> {
    return Promise.all(this.nodes.map(node => node.status()))
  }

  /** Starts a node again that has ended. */
  async restart(node: NodeProcess): Promise<void> {
    const other = this.nodes.find(candidate => candidate !== node && candidate.isRunning())
    node.spawn(this.launchOptions(other === undefined ? [] : (await other.status()).addresses))
    this.record()
    await node.ready(this.options.signal)
  }

  /** Stops all nodes. Returns when their processes are gone. */
  async stop(atOnce = false): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.nodes.map(node => node.stop(atOnce)))
    removeRunning(this.datadir)
    this.unlock()
  }

  /** Lets the nodes run on by themselves. */
  leave(): void {
    for (const node of this.nodes) node.client.close()
    this.unlock()
  }

  private async bringUp(): Promise<void> {
    const { onPhase, signal, miners, blockTimeSeconds, datadir } = this.options
    const [first, ...others] = this.nodes as [NodeProcess, ...NodeProcess[]]
    writeHistory(datadir, { ...readHistory(datadir), overlay: this.overlay })
    onPhase(`starting ${first.name}`)
    await this.launch([first], [])
    if (others.length > 0) {
      onPhase(`starting ${others.length} more`)
      const { addresses } = await first.status()
      await this.launch(others, addresses)
    }
    onPhase('connecting')
    await waitUntilConnected(this.nodes, onPhase, signal)
    await waitUntilSynced(this.nodes, onPhase, signal)
    await fundNodes(datadir, this.nodes, onPhase, signal)
    await waitUntilSynced(this.nodes, onPhase, signal)
    if (blockTimeSeconds > 0) await startMiners(this.nodes.slice(0, miners), blockTimeSeconds, signal)
  }

  private async launch(nodes: readonly NodeProcess[], connect: readonly string[]): Promise<void> {
    for (const node of nodes) node.spawn(this.launchOptions(connect))
    this.record()
    await Promise.all(nodes.map(node => node.ready(this.options.signal)))
  }

  private launchOptions(connect: readonly string[]): LaunchOptions {
    const { detach, launcher, signal } = this.options
    return { overlay: this.overlay, connect, detach, launcher, signal }
  }

  private record(): void {
    const nodes = this.nodes.filter(node => node.pid !== undefined).map(node => node.toRunningNode())
    const supervisor = this.options.detach ? {} : { supervisor: process.pid }
    writeRunning({ datadir: this.datadir, overlay: this.overlay, ...supervisor, nodes })
  }
}

/** A port for each node; none when they are to have none. */
async function findBtPorts(
  { nodes, firstBtPort }: TestnetOptions,
  rpcPorts: readonly number[],
): Promise<readonly number[]> {
  const first = firstBtPort ?? Math.max(...rpcPorts) + 1
  return first === 0 ? [] : findFreePorts(nodes, first, rpcPorts)
}
