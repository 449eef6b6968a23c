import { resolve } from 'node:path'
import { Args, Flags } from '@oclif/core'
import type { ContentSummary, FetchedContent, RpcClient } from '@onehop/rpc'
import { decimal } from '../arguments.ts'
import { byteCount, count, duration, transferRate } from '../format.ts'
import { NodeCommand } from '../node-command.ts'
import { ProgressLine } from '../progress.ts'

/** Time in ms between two looks at how far it is. */
const POLL_MS = 250

const MAX_TIMEOUT_SECONDS = 7 * 86_400

export class Fetch extends NodeCommand {
  static override summary = 'Fetch content from everybody who has it, and offer it from then on.'
  static override description =
    'Takes pieces from all providers at once and verifies each. What was interrupted continues where it stopped.'
  static override args = {
    KEY_OR_MAGNET_OR_NAME: Args.string({
      description: 'A key (CID), an infohash in hex, a magnet link, or a name.',
      required: true,
    }),
  }
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'File or folder to write to. Default: this folder.',
      helpValue: 'PATH',
    }),
    timeout: Flags.custom<number>({
      description: 'Give up after so many seconds. Default: never.',
      helpValue: 'SECONDS',
      parse: decimal('--timeout', { min: 0, max: MAX_TIMEOUT_SECONDS }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> bahx2cfahwcn4nvlmepqlmw2x4pttgbxgr3nbu -o /tmp/film.mp4 --node 7',
    '<%= config.bin %> <%= command.id %> "magnet:?xt=urn:btih:…" --json',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Fetch)
    const client = this.connect(flags)
    const watching = new AbortController()
    const progress = showProgress(client, watching.signal)
    try {
      const fetched = await client.call(
        'content.fetch',
        { key: args.KEY_OR_MAGNET_OR_NAME, output: resolve(flags.output ?? '.') },
        { signal: this.signal, timeoutMs: (flags.timeout ?? 0) * 1000 },
      )
      watching.abort()
      await progress
      this.show(fetched, flags, { text: () => describe(fetched), ids: () => [fetched.key] })
    } finally {
      watching.abort()
      await progress
    }
  }
}

/** Shows a bar until it is told to stop: on a terminal only, where somebody looks at it. */
async function showProgress(client: RpcClient, stop: AbortSignal): Promise<void> {
  if (process.stderr.isTTY !== true) return
  const line = new ProgressLine()
  const startedMs = performance.now()
  while (!stop.aborted) {
    const fetching = await fetchingNow(client)
    if (fetching !== undefined && !stop.aborted) showOne(line, fetching, performance.now() - startedMs)
    await pause(POLL_MS, stop)
  }
  line.clear()
}

async function fetchingNow(client: RpcClient): Promise<ContentSummary | undefined> {
  const list = await client.call('content.list').catch(() => [])
  return list.find(({ state }) => state === 'fetching')
}

function showOne(line: ProgressLine, content: ContentSummary, elapsedMs: number): void {
  const { name, bytes, pieces, piecesDone, peers } = content
  const done = pieces === 0 ? 0 : (bytes * piecesDone) / pieces
  const figures = `${byteCount(done)} of ${byteCount(bytes)}, ${transferRate(done, elapsedMs)}, ${count(peers, 'peer')}`
  line.bar(name, piecesDone, pieces, figures)
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise(done => {
    const timer = setTimeout(done, ms)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    })
  })
}

function describe({ key, path, bytes, pieces, providers, elapsedMs }: FetchedContent): string {
  return [
    path,
    providers.length === 0
      ? `${byteCount(bytes)} in ${count(pieces, 'verified piece')}, all here already`
      : `${byteCount(bytes)} in ${count(pieces, 'verified piece')} from ${count(providers.length, 'provider')}, ` +
        `${duration(elapsedMs)} (${transferRate(bytes, elapsedMs)})`,
    key,
  ].join('\n')
}
