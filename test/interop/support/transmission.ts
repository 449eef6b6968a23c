import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/wait.ts'
import type { BitTorrentClient, ClientOptions, ClientStatus } from './bittorrent-client.ts'
import { ForeignProcess } from './foreign-process.ts'
import type { Namespace } from './namespace.ts'

const SESSION_HEADER = 'x-transmission-session-id'

/** `encryption` in its settings: 1 prefers, 2 requires. */
const ENCRYPTION = { preferred: 1, required: 2 }

/** What Transmission says of a torrent, as far as it matters here. */
interface Torrent {
  readonly haveValid: number
  readonly haveUnchecked: number
  readonly leftUntilDone: number
  readonly metadataPercentComplete: number
  readonly uploadedEver: number
  readonly errorString: string
  readonly status: number
}

/** `status` while it verifies what it has, or waits for it. */
const CHECKING = [1, 2]

/** Debian's transmission-daemon, driven through its RPC. It never dials 127/8: others have to dial it there. */
export class Transmission implements BitTorrentClient {
  readonly name = 'Transmission'
  readonly contentFolder: string
  private readonly options: ClientOptions
  private readonly namespace: Namespace | undefined
  private readonly ports: { readonly peer: number; readonly rpc: number }
  private session = ''
  private process: ForeignProcess | undefined

  private constructor(
    options: ClientOptions,
    ports: { readonly peer: number; readonly rpc: number },
    namespace?: Namespace,
  ) {
    this.options = options
    this.ports = ports
    this.namespace = namespace
    this.contentFolder = options.contentFolder ?? join(options.folder, 'content')
    mkdirSync(this.contentFolder, { recursive: true })
    mkdirSync(join(options.folder, 'settings'), { recursive: true })
    writeFileSync(join(options.folder, 'settings', 'settings.json'), JSON.stringify(this.settings()))
  }

  /** @param namespace where it runs. Default: this machine's own network, on loopback. */
  static async start(options: ClientOptions, namespace?: Namespace): Promise<Transmission> {
    const ports = { peer: await freePort(), rpc: await freePort() }
    const client = new Transmission(options, ports, namespace)
    await client.run()
    return client
  }

  get port(): number {
    return this.ports.peer
  }

  private get host(): string {
    return this.namespace?.innerHost ?? '127.0.0.1'
  }

  private settings(): object {
    const { requiresEncryption, uploadLimit = 0 } = this.options
    return {
      'bind-address-ipv4': this.host,
      'bind-address-ipv6': '::1',
      'dht-enabled': false,
      'download-dir': this.contentFolder,
      encryption: requiresEncryption ? ENCRYPTION.required : ENCRYPTION.preferred,
      'lpd-enabled': false,
      'peer-port': this.ports.peer,
      'port-forwarding-enabled': false,
      'rpc-authentication-required': false,
      'rpc-bind-address': this.host,
      'rpc-host-whitelist-enabled': false,
      'rpc-port': this.ports.rpc,
      'rpc-whitelist-enabled': false,
      'speed-limit-up': Math.ceil(uploadLimit / 1000),
      'speed-limit-up-enabled': uploadLimit > 0,
      'utp-enabled': false,
    }
  }

  async restart(): Promise<void> {
    await this.run()
    // Killed before it has written down what it had, it believes that it has nothing. It answers before it has read
    // which torrents there are.
    await until('Transmission knows its torrent', async () => (await this.torrents()).length > 0)
    await this.call('torrent-verify')
    await until('Transmission has verified what it has', async () => {
      const torrents = await this.torrents()
      return torrents.every(({ status }) => !CHECKING.includes(status))
    })
  }

  private async run(): Promise<void> {
    const { folder } = this.options
    const command = ['transmission-daemon', '--foreground', '--config-dir', join(folder, 'settings')]
    const [program, ...args] = [...(this.namespace?.prefix ?? []), ...command]
    this.process = new ForeignProcess(folder, program!, args)
    await until('Transmission answers', () => this.call('session-get'))
  }

  async add(source: string): Promise<void> {
    const isMagnet = source.startsWith('magnet:')
    await this.call('torrent-add', {
      'download-dir': this.contentFolder,
      ...(isMagnet ? { filename: source } : { metainfo: readFileSync(source).toString('base64') }),
    })
  }

  private async torrents(): Promise<Torrent[]> {
    const fields = [
      'haveValid',
      'haveUnchecked',
      'leftUntilDone',
      'metadataPercentComplete',
      'uploadedEver',
      'errorString',
      'status',
    ]
    const { torrents } = (await this.call('torrent-get', { fields })) as { torrents: Torrent[] }
    return torrents
  }

  async status(): Promise<ClientStatus> {
    const [torrent] = await this.torrents()
    if (!torrent) return { bytesDone: 0, uploadedBytes: 0, isComplete: false, trouble: '' }
    const isKnown = torrent.metadataPercentComplete === 1 && !CHECKING.includes(torrent.status)
    return {
      bytesDone: torrent.haveValid + torrent.haveUnchecked,
      uploadedBytes: torrent.uploadedEver,
      isComplete: isKnown && torrent.leftUntilDone === 0,
      trouble: torrent.errorString,
    }
  }

  async limitUpload(bytesPerSecond: number): Promise<void> {
    await this.call('session-set', {
      'speed-limit-up': Math.ceil(bytesPerSecond / 1000),
      'speed-limit-up-enabled': bytesPerSecond > 0,
    })
  }

  private async call(method: string, args: object = {}): Promise<object> {
    const url = `http://${this.host}:${this.ports.rpc}/transmission/rpc`
    const ask = () =>
      fetch(url, {
        method: 'POST',
        headers: { [SESSION_HEADER]: this.session },
        body: JSON.stringify({ method, arguments: args }),
      })
    let response = await ask()
    // The first answer says which session id it wants to hear.
    if (response.status === 409) {
      this.session = response.headers.get(SESSION_HEADER) ?? ''
      response = await ask()
    }
    const answer = (await response.json()) as { result: string; arguments: object }
    if (answer.result !== 'success') throw new Error(`Transmission ${method}: ${answer.result}`)
    return answer.arguments
  }

  async kill(): Promise<void> {
    await this.process?.end('SIGKILL')
  }
}
