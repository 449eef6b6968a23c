import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRpcServer, type RpcServer, type RpcServerOptions } from '@onehop/rpc'
import { type Run, type RunOptions, runCli } from './run-cli.ts'

/** Stands in for a node: nothing but its answers, and a folder to ask from. */
export class RpcNode {
  readonly folder: string
  readonly datadir: string
  readonly server: RpcServer

  private constructor(folder: string, datadir: string, server: RpcServer) {
    this.folder = folder
    this.datadir = datadir
    this.server = server
  }

  static async start(answers: Pick<RpcServerOptions, 'methods' | 'content'>): Promise<RpcNode> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'onehop-cli-')))
    const datadir = join(folder, 'node')
    mkdirSync(datadir)
    const server = await createRpcServer({ ...answers, port: 0, cookiePath: join(datadir, '.cookie') })
    writeFileSync(join(datadir, 'rpc.json'), JSON.stringify({ url: server.url, pid: process.pid }))
    return new RpcNode(folder, datadir, server)
  }

  /** Runs the command line in the folder; it finds this node. */
  onehop(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return runCli(args, { env: { ONEHOP_DATADIR: this.datadir }, cwd: this.folder, ...options })
  }

  async close(): Promise<void> {
    await this.server.close()
    rmSync(this.folder, { recursive: true })
  }
}
