import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RpcClient } from '@onehop/rpc'
import { until } from './wait.ts'

const LAUNCHER = join(import.meta.dirname, '../../apps/cli/bin/onehop.js')

export interface NodeStatus {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly height: number
  readonly bestBlock: string
  readonly peers: number
  readonly address: string
  readonly balanceSats: number
  readonly overlay: {
    readonly group: number
    readonly k: number
    readonly view: number
    readonly contacts: number
  }
}

/** What a run of the command line printed, and how it ended. */
export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of its own for one suite, removed when the suite ends. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `onehop-${name}-`))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Runs the command line as a user would, in a process of its own. @param encoding of what it prints. */
export async function runCli(
  args: readonly string[],
  environment: Record<string, string> = {},
  encoding: BufferEncoding = 'utf8',
): Promise<CliRun> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { env: { ...process.env, ...environment } })
  child.stdout.setEncoding(encoding)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** A command that runs until it is told to end, in a process group of its own, as a terminal starts it. */
export class CommandLine {
  /** What it printed so far. */
  stdout = ''
  stderr = ''
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.on('data', chunk => {
      this.stdout += chunk
    })
    child.stderr?.on('data', chunk => {
      this.stderr += chunk
    })
    this.ended = once(child, 'close').then(([code]) => code as number | null)
  }

  static start(args: readonly string[], environment: Record<string, string> = {}): CommandLine {
    const env = { ...process.env, ...environment }
    return new CommandLine(spawn(process.execPath, [LAUNCHER, ...args], { env, detached: true }))
  }

  /** Sends the signal to all processes of its group, as Ctrl-C in a terminal does. Nothing when they are gone. */
  killGroup(signal: NodeJS.Signals): void {
    const { pid } = this.child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** One onehop node in an operating-system process of its own. */
export class NodeProcess {
  private static readonly started = new Set<NodeProcess>()
  readonly datadir: string
  private child: ChildProcess | undefined
  private client: RpcClient | undefined

  private constructor(datadir: string) {
    this.datadir = datadir
  }

  /** Starts a node on free ports and waits until it answers. */
  static async start(datadir: string, args: readonly string[] = []): Promise<NodeProcess> {
    const node = new NodeProcess(datadir)
    NodeProcess.started.add(node)
    await node.restart(args)
    return node
  }

  /** Kills every node that was started, those of a set-up that failed half-way too. */
  static async killAll(): Promise<void> {
    await Promise.all(Array.from(NodeProcess.started, node => node.end('SIGKILL')))
    NodeProcess.started.clear()
  }

  /** Starts the process again on the same datadir. */
  async restart(args: readonly string[] = []): Promise<void> {
    rmSync(this.rpcFile, { force: true })
    const log = openSync(`${this.datadir}.log`, 'a')
    const child = spawn(
      process.execPath,
      [LAUNCHER, 'start', '--datadir', this.datadir, '--rpc-port', '0', ...args],
      { stdio: ['ignore', log, log] },
    )
    this.child = child
    await until(`${this.datadir} answers`, async () => {
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${this.log()}`)
      if (!existsSync(this.rpcFile)) return false
      const { url } = JSON.parse(readFileSync(this.rpcFile, 'utf8')) as { url: string }
      this.client = new RpcClient({ url, cookiePath: join(this.datadir, '.cookie') })
      return (await this.status()).peerId
    })
  }

  call<T>(method: string, params: unknown[] | Record<string, unknown> = []): Promise<T> {
    if (this.client === undefined) throw new Error('the node is not running')
    return this.client.call(method, params) as Promise<T>
  }

  status(): Promise<NodeStatus> {
    return this.call<NodeStatus>('node.status')
  }

  /** The address that other nodes can be given. */
  async address(): Promise<string> {
    const [address] = (await this.status()).addresses
    if (address === undefined) throw new Error('the node listens nowhere')
    return address
  }

  log(): string {
    return readFileSync(`${this.datadir}.log`, 'utf8')
  }

  /** Ends the process with the signal and waits until it is gone. Returns its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null
    const closed = once(child, 'exit')
    child.kill(signal)
    await closed
    return child.exitCode
  }

  private get rpcFile(): string {
    return join(this.datadir, 'rpc.json')
  }

  /** Whether the process still runs. */
  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }
}

/** Starts nodes that all know the first one, and waits until everyone is connected to somebody. */
export async function startCluster(folder: string, count: number): Promise<NodeProcess[]> {
  const first = await NodeProcess.start(join(folder, 'node1'), ['--name', 'node1'])
  const address = await first.address()
  const others = await Promise.all(
    Array.from({ length: count - 1 }, (_, i) =>
      NodeProcess.start(join(folder, `node${i + 2}`), ['--name', `node${i + 2}`, '--connect', address]),
    ),
  )
  const nodes = [first, ...others]
  await until('all nodes are in the overlay', async () => {
    const all = await Promise.all(nodes.map(node => node.status()))
    return all.every(status => status.peers > 0 && knowsItsGroups(status, all))
  })
  return nodes
}

/** Whether the node has its whole group in view, and a contact in every other group that has members. */
function knowsItsGroups({ overlay }: NodeStatus, all: readonly NodeStatus[]): boolean {
  const groups = all.map(status => status.overlay.group)
  const members = groups.filter(group => group === overlay.group).length
  return overlay.view >= members - 1 && overlay.contacts >= new Set(groups).size - 1
}

/** Waits until all nodes have the same best block, and returns its height. */
export function untilSynced(nodes: readonly NodeProcess[], height?: number): Promise<number> {
  return until(
    `all nodes are at the same tip${height === undefined ? '' : ` at height ${height}`}`,
    async () => {
      const all = await Promise.all(nodes.map(node => node.status()))
      const [first] = all
      const same = all.every(status => status.bestBlock === first?.bestBlock)
      return same && (height === undefined || first?.height === height) ? first?.height : undefined
    },
  )
}
