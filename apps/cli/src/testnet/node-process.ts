import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type NodeStatus, type OverlayName, RpcClient } from '@onehop/rpc'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { makeFolder } from '../folder.ts'
import { cookiePathOf, readRpcFile } from '../home.ts'
import { environmentForChild } from '../parent.ts'
import { waitFor } from '../wait.ts'
import { POLL_MS, START_TIMEOUT_MS } from './limits.ts'
import { isAlive } from './processes.ts'
import type { RunningNode } from './state.ts'
import { stopNode } from './stop.ts'

/** Where one node of a testnet lives. */
export interface NodePlan {
  readonly name: string
  readonly datadir: string
  readonly rpcPort: number
  /** For other BitTorrent clients; 0: that side is off. */
  readonly btPort: number
}

/** How a node's process is started. */
export interface LaunchOptions {
  readonly overlay: OverlayName
  /** Addresses of nodes to join through. */
  readonly connect: readonly string[]
  /** Whether the node outlives this process. */
  readonly detach: boolean
  /** The launcher, `bin/onehop.js`. */
  readonly launcher: string
  readonly signal?: AbortSignal | undefined
}

/** One node of a testnet in a process of its own. */
export class NodeProcess {
  readonly plan: NodePlan
  readonly client: RpcClient
  private child: ChildProcess | undefined
  /** How the process ended; undefined as long as it runs. */
  private ending: string | undefined = 'has not been started'

  constructor(plan: NodePlan) {
    this.plan = plan
    this.client = new RpcClient({
      url: `http://127.0.0.1:${plan.rpcPort}`,
      cookiePath: cookiePathOf(plan.datadir),
    })
  }

  get name(): string {
    return this.plan.name
  }

  /** Undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.child?.pid
  }

  /** How the process ended, for the end of a sentence; undefined as long as it runs. */
  get endedHow(): string | undefined {
    return this.ending
  }

  /** For the testnet's state file. */
  toRunningNode(): RunningNode {
    const { name, datadir, rpcPort } = this.plan
    return { name, pid: this.pid ?? 0, rpc: `http://127.0.0.1:${rpcPort}`, datadir }
  }

  /** Starts the process; {@link ready} tells when it answers. */
  spawn({ launcher, overlay, connect, detach }: LaunchOptions): void {
    const { datadir, name, rpcPort, btPort } = this.plan
    makeFolder(datadir)
    rmSync(join(datadir, 'rpc.json'), { force: true })
    const log = openSync(this.logPath, 'w', 0o600)
    const args = ['start', '--network', 'regtest', '--datadir', datadir, '--name', name]
    args.push('--overlay', overlay)
    args.push('--rpc-port', String(rpcPort), '--bt-port', String(btPort))
    args.push(...connect.flatMap(address => ['--connect', address]))
    const child = spawn(process.execPath, [...process.execArgv, launcher, ...args], {
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal reaches only the one that stops them all in order.
      detached: true,
      env: environmentForChild(!detach),
    })
    closeSync(log)
    this.follow(child)
    if (detach) child.unref()
  }

  /** Waits until the node answers. @throws {CommandFailure} with the node's own last words when it ends instead. */
  async ready(signal?: AbortSignal): Promise<void> {
    const what = `${this.name} did not answer`
    await waitFor(
      what,
      async () => {
        if (this.ending !== undefined) {
          throw new CommandFailure(EXIT.failed, this.epitaph)
        }
        if (readRpcFile(this.plan.datadir)?.pid !== this.pid) return undefined
        return (await this.client.health(1000)).ready || undefined
      },
      { timeoutMs: START_TIMEOUT_MS, pollMs: POLL_MS, signal },
    )
  }

  status(): Promise<NodeStatus> {
    return this.client.call('node.status', [])
  }

  /** Whether its process runs. */
  isRunning(): boolean {
    return this.ending === undefined && this.pid !== undefined && isAlive(this.pid, this.plan.datadir)
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL')
    await this.ended()
  }

  /** Stops it: by RPC, else by signals. Returns when the process is gone. */
  async stop(atOnce = false): Promise<void> {
    if (atOnce) this.child?.kill('SIGKILL')
    else await stopNode(this.toRunningNode())
    await this.ended()
    this.client.close()
  }

  /** How it ended, and why where it said so: one that was killed had no time for that. */
  get epitaph(): string {
    const how = `${this.name} ${this.ending ?? 'runs'}`
    return this.child?.signalCode ? `${how}.` : `${how}: ${this.lastWords()}`
  }

  /** The last line of the node's output: a node that cannot start says why there. */
  private lastWords(): string {
    try {
      const lines = readFileSync(this.logPath, 'utf8').trim().split('\n')
      return lines.at(-1)?.replace(/^Error: /, '') || 'it said nothing'
    } catch {
      return 'it said nothing'
    }
  }

  private get logPath(): string {
    return join(this.plan.datadir, 'node.log')
  }

  private follow(child: ChildProcess): void {
    this.child = child
    this.ending = undefined
    child.once('error', error => {
      this.ending ??= `could not be started (${error.message})`
    })
    child.once('exit', (code, signal) => {
      this.ending ??= signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
    })
  }

  private async ended(): Promise<void> {
    const { child } = this
    if (child === undefined || this.ending !== undefined) return
    await new Promise(resolve => child.once('exit', resolve))
  }
}
