import { existsSync, realpathSync } from 'node:fs'
import { Args, Flags } from '@oclif/core'
import type { PublishedContent } from '@onehop/rpc'
import { size } from '../arguments.ts'
import { lookAtHashing } from '../content/hashing-progress.ts'
import { checkTorrentOutput, writeTorrentFiles } from '../content/torrent-output.ts'
import { typedPath } from '../content/typed-path.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure, UsageFailure } from '../failure.ts'
import { byteCount, count, style } from '../format.ts'
import { NodeCommand } from '../node-command.ts'
import { watched } from '../watching.ts'

/** What is shown of one content: with `--torrent-file` where that is. */
type Shown = PublishedContent & { readonly torrentFile?: string }

export class Publish extends NodeCommand {
  static override summary =
    'Offer files and folders: everybody finds them by key, magnet link, name or words.'
  static override description =
    'Prints key and magnet link. With a BitTorrent port (onehop start --bt-port) and a tracker, other BitTorrent ' +
    'clients fetch them too, by the magnet link or the .torrent file.'
  static override strict = false
  static override usage = '<%= command.id %> PATH...'
  static override args = {
    PATH: Args.string({ description: 'Files and folders to offer.', required: true, multiple: true }),
  }
  static override flags = {
    name: Flags.string({ description: 'Publish it under this name. Default: its own.' }),
    words: Flags.string({
      description: 'Words to find them by, besides those of their names.',
      helpValue: "'W W…'",
    }),
    'no-name-words': Flags.boolean({ description: 'Not by the words of their names.' }),
    tracker: Flags.string({
      char: 't',
      description: 'Announce to this tracker; may be given again.',
      helpValue: 'URL',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'torrent-file': Flags.string({
      description: 'Write a .torrent file here; for several paths a folder.',
      helpValue: 'OUT',
    }),
    private: Flags.boolean({
      description: 'Found through its trackers alone, and not by key, name or words.',
    }),
    'piece-length': Flags.custom<number>({
      description: 'Bytes of a piece: 64K, 1M. Decides the key. Default: 256K, more for large content.',
      helpValue: 'SIZE',
      parse: size('--piece-length'),
    })(),
    v2: Flags.boolean({
      description: 'As BitTorrent v2 (SHA-256, a tree for each file).',
      exclusive: ['hybrid'],
    }),
    hybrid: Flags.boolean({ description: 'As v1 and v2 at once.' }),
    comment: Flags.string({ description: 'For people, in the .torrent file.' }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> album/ --tracker http://127.0.0.1:6969/announce --torrent-file album.torrent',
    "<%= config.bin %> <%= command.id %> img_0815.jpg --words 'holiday, rome 2024'",
    '<%= config.bin %> <%= command.id %> *.iso --node 3 --json',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Publish)
    const paths = (argv as string[]).map(absolutePathOf)
    if (flags.private && flags.tracker === undefined)
      throw new UsageFailure('--private needs --tracker: such content is found through its trackers alone.')
    if (flags.name !== undefined && paths.length > 1) throw new UsageFailure('--name fits one path only.')
    const output = flags['torrent-file']
    const torrentFile = output === undefined ? undefined : checkTorrentOutput(output, paths.length, paths)
    const version = flags.v2 ? 'v2' : flags.hybrid ? 'hybrid' : undefined
    const params = {
      paths,
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.words === undefined ? {} : { words: flags.words }),
      ...(flags['no-name-words'] ? { nameWords: false } : {}),
      ...(flags.tracker === undefined ? {} : { trackers: flags.tracker }),
      ...(flags.private ? { private: true } : {}),
      ...(flags['piece-length'] === undefined ? {} : { pieceLength: flags['piece-length'] }),
      ...(version === undefined ? {} : { version }),
      ...(flags.comment === undefined ? {} : { comment: flags.comment }),
    }
    const client = this.connect(flags)
    const publishing = client.call('content.publish', params, { signal: this.signal, timeoutMs: 0 })
    const published = await watched(publishing, () => lookAtHashing(client, paths), flags)
    const shown = await this.withTorrentFiles(client, published, torrentFile)
    this.show(shown, flags, {
      text: () => shown.map(describe).join('\n\n'),
      ids: () => shown.map(({ key }) => key),
    })
  }

  private async withTorrentFiles(
    client: ReturnType<Publish['connect']>,
    published: readonly PublishedContent[],
    output: string | undefined,
  ): Promise<readonly Shown[]> {
    if (output === undefined) return published
    const keys = published.map(({ key }) => key)
    const written = await writeTorrentFiles(client, keys, output, this.signal)
    return published.map((content, i) => ({ ...content, torrentFile: written[i]! }))
  }
}

/** The node runs in another folder, so it gets the whole path. */
function absolutePathOf(path: string): string {
  const absolute = typedPath(path, 'PATH')
  if (!existsSync(absolute)) throw new CommandFailure(EXIT.failed, `There is no file ${absolute}.`)
  return realpathSync(absolute)
}

function describe(content: Shown): string {
  const { key, name, bytes, pieces, files, magnet, words, acknowledgements, torrentFile } = content
  const known =
    acknowledgements === 0 ? 'known to this node' : `known to ${count(acknowledgements, 'other node')}`
  const contents = files > 1 ? `${count(files, 'file')}, ` : ''
  return [
    `${style('bold', name)}  ${contents}${byteCount(bytes)} in ${count(pieces, 'piece')}, ${known}`,
    `  ${key}`,
    `  ${magnet}`,
    words.length === 0 ? '  found by no words' : `  found by ${words.join(', ')}`,
    ...(torrentFile === undefined ? [] : [`  ${torrentFile}`]),
  ].join('\n')
}
