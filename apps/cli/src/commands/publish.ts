import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { Args, Flags } from '@oclif/core'
import type { PublishedContent } from '@onehop/rpc'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { byteCount, count, style } from '../format.ts'
import { NodeCommand } from '../node-command.ts'

export class Publish extends NodeCommand {
  static override summary = 'Offer files: everybody finds them by key, magnet link, name or words.'
  static override strict = false
  static override usage = '<%= command.id %> PATH...'
  static override args = {
    PATH: Args.string({ description: 'Files to offer.', required: true, multiple: true }),
  }
  static override flags = {
    words: Flags.string({
      description: 'Words to find them by, besides those of their names.',
      helpValue: "'W W…'",
    }),
    'no-name-words': Flags.boolean({ description: 'Not by the words of their names.' }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    "<%= config.bin %> <%= command.id %> img_0815.jpg --words 'holiday, rome 2024'",
    '<%= config.bin %> <%= command.id %> *.iso --node 3 --json',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Publish)
    const paths = (argv as string[]).map(absolutePathOf)
    const params = {
      paths,
      ...(flags.words === undefined ? {} : { words: flags.words }),
      ...(flags['no-name-words'] ? { nameWords: false } : {}),
    }
    const options = { signal: this.signal, timeoutMs: 0 }
    const published = await this.connect(flags).call('content.publish', params, options)
    this.show(published, flags, {
      text: () => published.map(describe).join('\n\n'),
      ids: () => published.map(({ key }) => key),
    })
  }
}

/** The node runs in another folder, so it gets the whole path. */
function absolutePathOf(path: string): string {
  const absolute = resolve(path)
  if (!existsSync(absolute)) throw new CommandFailure(EXIT.failed, `There is no file ${absolute}.`)
  return realpathSync(absolute)
}

function describe(content: PublishedContent): string {
  const { key, name, bytes, pieces, magnet, words, acknowledgements } = content
  const known =
    acknowledgements === 0 ? 'known to this node' : `known to ${count(acknowledgements, 'other node')}`
  return [
    `${style('bold', name)}  ${byteCount(bytes)} in ${count(pieces, 'piece')}, ${known}`,
    `  ${key}`,
    `  ${magnet}`,
    words.length === 0 ? '  found by no words' : `  found by ${words.join(', ')}`,
  ].join('\n')
}
