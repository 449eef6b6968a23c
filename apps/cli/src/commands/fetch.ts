import { Args, Flags } from '@oclif/core'
import { CallTimeoutError, type FetchedContent, type RpcClient } from '@onehop/rpc'
import { decimal } from '../arguments.ts'
import { lookAtFetch } from '../content/fetch-progress.ts'
import { fetchSource } from '../content/fetch-source.ts'
import { limitFlags, typedLimits } from '../content/limit-flags.ts'
import { findFile, findStreamedFile, writeToStdout } from '../content/stream.ts'
import { outputPath } from '../content/typed-path.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { byteCount, count, duration, transferRate } from '../format.ts'
import { NodeCommand } from '../node-command.ts'
import { writeError } from '../output.ts'
import { watched } from '../watching.ts'

const MAX_TIMEOUT_SECONDS = 7 * 86_400

export class Fetch extends NodeCommand {
  static override summary = 'Fetch content from everybody who has it, and offer it from then on.'
  static override description =
    'Takes pieces from all providers at once and verifies each: onehop nodes, and with a BitTorrent port ' +
    '(onehop start --bt-port) every other BitTorrent client. What was interrupted continues where it stopped.'
  static override args = {
    CONTENT: Args.string({
      description: 'A .torrent file, a magnet link, a key (CID), an infohash in hex, or a name.',
      required: true,
    }),
  }
  static override flags = {
    output: Flags.string({
      char: 'o',
      description:
        'File or folder to write to; with a / at the end a folder that is made. Default: this folder.',
      helpValue: 'PATH',
    }),
    stream: Flags.boolean({
      description:
        'Write the file to stdout in its order while it comes, for a player; implies --sequential.',
      exclusive: ['json', 'detach'],
    }),
    files: Flags.string({
      description: 'Only these files: numbers (0, 2-5) and patterns (*.mp3, disc1/**); may be given again.',
      helpValue: 'LIST',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    sequential: Flags.boolean({ description: 'Fetch the pieces in their order.' }),
    peer: Flags.string({
      description: 'A BitTorrent client that has it; may be given again.',
      helpValue: 'HOST:PORT',
      multiple: true,
      multipleNonGreedy: true,
    }),
    tracker: Flags.string({
      description: 'Ask this tracker too; may be given again.',
      helpValue: 'URL',
      multiple: true,
      multipleNonGreedy: true,
    }),
    detach: Flags.boolean({ description: 'Return at once; "onehop content list" shows how far it is.' }),
    ...limitFlags,
    timeout: Flags.custom<number>({
      description: 'Give up after so many seconds. Default: never.',
      helpValue: 'SECONDS',
      parse: decimal('--timeout', { min: 0, max: MAX_TIMEOUT_SECONDS }),
    })(),
    'stall-timeout': Flags.custom<number>({
      description: 'Give up after so many seconds without a new piece; 0: never. Default: 60.',
      helpValue: 'SECONDS',
      parse: decimal('--stall-timeout', { min: 0, max: MAX_TIMEOUT_SECONDS }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> debian.torrent --output /tmp/isos/',
    '<%= config.bin %> <%= command.id %> "magnet:?xt=urn:btih:…&tr=udp://127.0.0.1:6969" --json',
    "<%= config.bin %> <%= command.id %> album.torrent --files '*.flac' --files 0,2-5",
    '<%= config.bin %> <%= command.id %> film.mp4 --stream | mpv -',
    '<%= config.bin %> <%= command.id %> bahx2cfahwcn4nvlmepqlmw2x4pttgbxgr3nbu -o /tmp/film.mp4 --node 7',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Fetch)
    const client = this.connect(flags)
    const source = fetchSource(args.CONTENT)
    const params = {
      ...source.params,
      output: outputPath(flags.output ?? '.', '--output'),
      ...given({
        files: flags.files,
        peers: flags.peer,
        trackers: flags.tracker,
        sequential: flags.sequential || flags.stream || undefined,
        oneFile: flags.stream || undefined,
        detach: flags.detach || undefined,
        ...typedLimits(flags),
        stallSeconds: flags['stall-timeout'],
      }),
    }
    const options = { timeoutMs: (flags.timeout ?? 0) * 1000 }
    const fetch = (signal: AbortSignal) =>
      client.call('content.fetch', params, { ...options, signal }).catch((error: unknown) => {
        throw error instanceof CallTimeoutError ? tooLate(args.CONTENT, flags.timeout) : error
      })
    if (flags.stream) return this.stream(client, source.asked, fetch, flags.quiet)
    const fetched = await watched(fetch(this.signal), () => lookAtFetch(client, source.asked), flags)
    this.show(fetched, flags, {
      text: () => (flags.detach ? describeBegun(fetched) : describe(fetched)),
      ids: () => [fetched.key],
    })
  }

  /** Fetches, and hands on what is there of the file, until it is complete or nobody reads any more. */
  private async stream(
    client: RpcClient,
    asked: string,
    fetch: (signal: AbortSignal) => Promise<FetchedContent>,
    isQuiet: boolean,
  ): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([this.signal, ended.signal])
    const fetching = fetch(signal)
    const handingOn = this.handOn(client, asked, isQuiet, fetching, signal)
    try {
      const isRead = await Promise.race([handingOn, fetching.then(() => handingOn)])
      if (!isRead) return
      const fetched = await fetching
      if (!isQuiet) writeError(describe(fetched))
    } finally {
      ended.abort()
      await Promise.allSettled([fetching, handingOn])
    }
  }

  /** @returns whether all was read. */
  private async handOn(
    client: RpcClient,
    asked: string,
    isQuiet: boolean,
    fetching: Promise<FetchedContent>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { url } = await Promise.race([
      findStreamedFile(client, asked, signal),
      fetching.then(fetched => findFile(client, fetched, signal)),
    ])
    if (!isQuiet) writeError(`${client.url}${url}`)
    return writeToStdout(client, url, signal)
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without what was not typed. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>
}

/** The node was not silent: it may have told all the while how far it is. */
function tooLate(content: string, seconds = 0): CommandFailure {
  const sentence = `${content} was not here within ${seconds} s; the same command goes on with what came.`
  return new CommandFailure(EXIT.timedOut, sentence)
}

function describeBegun({ key, name, path }: FetchedContent): string {
  const shown = path || name
  return [...(shown === '' ? [] : [shown]), 'is being fetched; see "onehop content list"', key].join('\n')
}

function describe(content: FetchedContent): string {
  const { key, path, bytes, pieces, providers, fetchedBytes, elapsedMs } = content
  return [
    path,
    providers.length === 0
      ? `${byteCount(bytes)} in ${count(pieces, 'verified piece')}, all here already`
      : `${byteCount(bytes)} in ${count(pieces, 'verified piece')} from ${count(providers.length, 'provider')}, ` +
        `${duration(elapsedMs)} (${transferRate(fetchedBytes, elapsedMs)})`,
    key,
  ].join('\n')
}
