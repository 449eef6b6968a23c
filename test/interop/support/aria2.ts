import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/wait.ts'
import type { BitTorrentClient, ClientOptions, ClientStatus } from './bittorrent-client.ts'
import { ForeignProcess } from './foreign-process.ts'

/** What aria2 says of a download, as far as it matters here. */
interface Download {
  readonly completedLength: string
  readonly uploadLength: string
  /** `true` once all is verified and written; lengths count blocks of unfinished pieces, too. */
  readonly seeder?: string
  readonly errorMessage?: string
  readonly bittorrent?: { readonly info?: { readonly name: string } }
}

/** Debian's aria2c, driven through its RPC. */
export class Aria2 implements BitTorrentClient {
  readonly name = 'aria2'
  readonly contentFolder: string
  private readonly options: ClientOptions
  private readonly ports: { readonly listen: number; readonly rpc: number }
  private source: string | undefined
  private process: ForeignProcess | undefined

  private constructor(options: ClientOptions, ports: { readonly listen: number; readonly rpc: number }) {
    this.options = options
    this.ports = ports
    this.contentFolder = options.contentFolder ?? join(options.folder, 'content')
    mkdirSync(this.contentFolder, { recursive: true })
  }

  static async start(options: ClientOptions): Promise<Aria2> {
    return new Aria2(options, { listen: await freePort(), rpc: await freePort() })
  }

  get port(): number {
    return this.ports.listen
  }

  async add(source: string): Promise<void> {
    this.source = source
    await this.restart()
  }

  async restart(): Promise<void> {
    this.process = new ForeignProcess(this.options.folder, 'aria2c', [...this.flags(), this.source!])
    await until('aria2 answers', () => this.call('getVersion'))
  }

  private flags(): string[] {
    const { requiresEncryption, uploadLimit = 0, host } = this.options
    return [
      '--no-conf',
      `--dir=${this.contentFolder}`,
      `--listen-port=${this.ports.listen}`,
      // Without it aria2 asks no UDP tracker. It knows no node to begin with, so that nobody is found by it.
      `--enable-dht=true`,
      `--dht-listen-port=${this.ports.listen}`,
      `--dht-file-path=${join(this.options.folder, 'dht.dat')}`,
      `--enable-dht6=false`,
      `--bt-enable-lpd=false`,
      `--enable-rpc`,
      `--rpc-listen-port=${this.ports.rpc}`,
      `--seed-ratio=0.0`,
      `--check-integrity=true`,
      `--auto-save-interval=1`,
      `--file-allocation=none`,
      // What it says to have, it has written: a killed one loses nothing else.
      `--disk-cache=0`,
      `--max-upload-limit=${uploadLimit}`,
      // It asks a tracker again after so long when it has no peers.
      `--bt-tracker-interval=5`,
      ...(host ? [`--interface=${host}`] : []),
      ...(requiresEncryption ? ['--bt-require-crypto=true', '--bt-min-crypto-level=arc4'] : []),
    ]
  }

  async status(): Promise<ClientStatus> {
    const active = (await this.call('tellActive')) as Download[]
    const stopped = (await this.call('tellStopped', 0, 10)) as Download[]
    // A magnet link is two downloads: of the metadata, which has no name, and of the content.
    const download = [...active, ...stopped].find(each => each.bittorrent?.info !== undefined)
    return {
      bytesDone: Number(download?.completedLength ?? 0),
      uploadedBytes: Number(download?.uploadLength ?? 0),
      isComplete: download?.seeder === 'true',
      trouble: download?.errorMessage ?? '',
    }
  }

  async limitUpload(bytesPerSecond: number): Promise<void> {
    await this.call('changeGlobalOption', { 'max-upload-limit': String(bytesPerSecond) })
  }

  private async call(method: string, ...params: unknown[]): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.ports.rpc}/jsonrpc`, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: `aria2.${method}`, params }),
    })
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } }
    if (error) throw new Error(`aria2.${method}: ${error.message}`)
    return result
  }

  async kill(): Promise<void> {
    await this.process?.end('SIGKILL')
  }
}
