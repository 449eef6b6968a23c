import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { ContentDetails, ContentSummary } from '@onehop/rpc'
import { freePort } from '../../support/free-port.ts'
import { type CliRun, CommandLine, NodeProcess, runCli } from '../../support/node-process.ts'
import { until } from '../../support/wait.ts'
import { CLIENT_PATIENCE_MS } from './clients.ts'

/** What `onehop publish --json` says of one file or folder. */
export interface Published {
  readonly infohash: string
  readonly magnet: string
  readonly name: string
}

/** A onehop node with a BitTorrent port, driven through the command line as people do. */
export class OnehopNode {
  readonly node: NodeProcess
  readonly port: number
  private readonly args: readonly string[]

  private constructor(node: NodeProcess, port: number, args: readonly string[]) {
    this.node = node
    this.port = port
    this.args = args
  }

  static async start(folder: string, args: readonly string[] = []): Promise<OnehopNode> {
    const port = await freePort()
    const all = ['--bt-port', String(port), ...args]
    return new OnehopNode(await NodeProcess.start(folder, all), port, all)
  }

  restart(): Promise<void> {
    return this.node.restart(this.args)
  }

  /** Runs a command against this node. */
  run(...args: readonly string[]): Promise<CliRun> {
    return runCli([...args, '--datadir', this.node.datadir])
  }

  /** Runs a command that must succeed. @returns its result. */
  async ask<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, '--json')
    assert.equal(code, 0, `onehop ${args.join(' ')}: ${stderr}\n${stdout}`)
    return JSON.parse(stdout) as T
  }

  /** Publishes a file or folder. @returns what it is called, and where its .torrent file is. */
  async publish(path: string, trackers: readonly string[]): Promise<Published & { torrentPath: string }> {
    const torrentPath = join(`${path}-${this.port}.torrent`)
    const announce = trackers.flatMap(url => ['--tracker', url])
    const [published] = await this.ask<Published[]>(
      'publish',
      path,
      ...announce,
      '--torrent-file',
      torrentPath,
    )
    assert.ok(published)
    return { ...published, torrentPath }
  }

  /** Makes a .torrent file and a magnet link of what somebody else is to seed: this node forgets it again. */
  async publishElsewhere(path: string, trackers: readonly string[]) {
    const published = await this.publish(path, trackers)
    await this.ask('content', 'remove', published.infohash)
    return published
  }

  list(): Promise<ContentSummary[]> {
    return this.node.call<ContentSummary[]>('content.list')
  }

  show(infohash: string): Promise<ContentDetails> {
    return this.node.call<ContentDetails>('content.show', { key: infohash })
  }

  /** Waits until a content is complete. */
  untilComplete(infohash: string, timeoutMs = CLIENT_PATIENCE_MS): Promise<ContentSummary> {
    return until(
      'the node has everything',
      async () => {
        const content = (await this.list()).find(each => each.infohash === infohash)
        if (content?.problem !== undefined) throw new Error(content.problem)
        if (content === undefined || content.pieces === 0) throw new Error('no metadata yet')
        if (content.piecesDone < content.pieces)
          throw new Error(`${content.piecesDone} of ${content.pieces} pieces`)
        return content.state === 'seeding' ? content : undefined
      },
      timeoutMs,
    )
  }
}

/** `onehop tracker` in a process of its own. */
export class OnehopTracker {
  readonly port: number
  private readonly command: CommandLine

  private constructor(command: CommandLine, port: number) {
    this.command = command
    this.port = port
  }

  static async start(host = '127.0.0.1'): Promise<OnehopTracker> {
    const command = CommandLine.start(['tracker', '--port', '0', '--host', host, '--json'])
    const { port } = await until('the tracker listens', () => JSON.parse(command.stdout) as { port: number })
    return new OnehopTracker(command, port)
  }

  url(scheme: 'http' | 'udp', host = '127.0.0.1'): string {
    return `${scheme}://${host}:${this.port}/announce`
  }

  /** Ends it as Ctrl-C does. @returns its exit code. */
  async end(): Promise<number | null> {
    this.command.killGroup('SIGINT')
    return this.command.ended
  }
}
