import { networkInterfaces } from 'node:os'
import { Flags } from '@oclif/core'
import { wholeNumber } from '../arguments.ts'
import { UsageFailure } from '../failure.ts'
import { fields } from '../format.ts'
import { onInterrupt } from '../interruption.ts'
import { OutputCommand, outputFlags } from '../node-command.ts'
import { writeError } from '../output.ts'
import { onParentGone } from '../parent.ts'

/** What most trackers use. */
const DEFAULT_PORT = 6969

/** A tracker as it listens. */
interface TrackerView {
  readonly port: number
  readonly hosts: readonly string[]
  /** What goes into a torrent, over HTTP and UDP. */
  readonly announceUrls: readonly string[]
}

export class Tracker extends OutputCommand {
  static override summary = 'Run a BitTorrent tracker, over HTTP and UDP, until Ctrl-C stops it.'
  static override description =
    'It tells clients of any kind about each other: give its URL to publish --tracker. It keeps nothing on disk.'
  static override baseFlags = outputFlags
  static override flags = {
    port: Flags.custom<number>({
      description: `The same for HTTP and UDP, 0 for any that is free. Default: ${DEFAULT_PORT}.`,
      parse: wholeNumber('--port', { min: 0, max: 65_535 }),
    })(),
    host: Flags.string({
      description: 'Address to listen on, 0.0.0.0 for all; may be given again. Default: 127.0.0.1 and ::1.',
      helpValue: 'ADDR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    only: Flags.custom<string>({
      description: 'Serve this infohash and no others; may be given again.',
      helpValue: 'INFOHASH',
      multiple: true,
      multipleNonGreedy: true,
      parse: readInfohash,
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --host 0.0.0.0 --host :: --port 7000',
    '<%= config.bin %> <%= command.id %> --port 0 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Tracker)
    const stop = stopRequest()
    // Here and not above: the other commands start without it.
    const { TrackerServer } = await import('@onehop/swarm-io')
    const tracker = await TrackerServer.listen({
      port: flags.port ?? DEFAULT_PORT,
      ...(flags.host ? { hosts: flags.host } : {}),
      ...(flags.only ? { whitelist: new Set(flags.only) } : {}),
    })
    const view = viewOf(tracker)
    this.show(view, flags, { text: () => describe(view), ids: () => view.announceUrls })
    await stop
    await tracker.close()
    writeError('The tracker has stopped.')
  }
}

async function readInfohash(text: string): Promise<string> {
  // Trackers know a v2 torrent by the first 40 of its 64 digits (BEP 52).
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text)) return text.slice(0, 40).toLowerCase()
  throw new UsageFailure(`--only takes an infohash of 40 or 64 hexadecimal digits, not "${text}".`)
}

/** Resolves when somebody wants the tracker to stop: Ctrl-C, a signal, or the end of the process that started it. */
function stopRequest(): Promise<void> {
  return new Promise(resolve => {
    onInterrupt(resolve)
    onParentGone(resolve)
  })
}

function viewOf({ port, hosts }: Pick<TrackerView, 'port' | 'hosts'>): TrackerView {
  const announceUrls = ['http', 'udp'].flatMap(scheme =>
    hosts.flatMap(dialledHosts).map(host => `${scheme}://${inUrl(host)}:${port}/announce`),
  )
  return { port, hosts, announceUrls }
}

/** The addresses at which others reach who listens on this one. Link-local ones are of no use in a torrent. */
function dialledHosts(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  const family = host === '::' ? 'IPv6' : 'IPv4'
  return Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(each => each.family === family && !each.address.startsWith('fe80:'))
    .map(({ address }) => address)
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function describe({ announceUrls }: TrackerView): string {
  return fields({ tracker: announceUrls.join('\n         ') })
}
