import { Args, Flags } from '@oclif/core'
import type { SearchResult } from '@onehop/rpc'
import { wholeNumber } from '../arguments.ts'
import { byteCount, count, duration, fitted, table } from '../format.ts'
import { NodeCommand } from '../node-command.ts'

/** Columns of a name: the rest of the row then fits into a terminal of 120. Other nodes choose names. */
const MAX_NAME_COLUMNS = 48

const MAX_LIMIT = 1_000

export class Search extends NodeCommand {
  static override summary = 'Find content by words: of its name, or given by its publisher.'
  static override description =
    'Finds what carries all the words. First comes what more nodes provide, then the nearest name. ' +
    'Case and punctuation do not matter; a word has at least two letters or digits.'
  static override strict = false
  static override usage = '<%= command.id %> WORDS...'
  static override args = {
    WORDS: Args.string({ description: 'Words that it must carry.', required: true, multiple: true }),
  }
  static override flags = {
    limit: Flags.custom<number>({
      description: 'Show at most so many. Default: 20.',
      helpValue: 'N',
      parse: wholeNumber('--limit', { min: 1, max: MAX_LIMIT }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> roman holiday',
    '<%= config.bin %> <%= command.id %> holiday 2024 jpg --limit 5 --json',
    '<%= config.bin %> fetch "$(<%= config.bin %> <%= command.id %> roman holiday --limit 1 -q)"',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Search)
    const params = {
      words: argv as string[],
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    }
    const found = await this.connect(flags).call('content.search', params, { signal: this.signal })
    this.show(found, flags, {
      text: () => describe(found),
      ids: () => found.results.map(({ key }) => key),
    })
  }
}

function describe({ words, results, hops, messages, attempts, elapsedMs }: SearchResult): string {
  const cost = [
    count(hops, 'hop'),
    count(messages, 'message'),
    count(attempts, 'attempt'),
    duration(elapsedMs),
  ].join(', ')
  const rows = results.map(({ name, bytes, providers, key }) => [
    fitted(name ?? '', MAX_NAME_COLUMNS),
    bytes === undefined ? '' : byteCount(bytes),
    String(providers),
    key,
  ])
  return [
    `${count(results.length, 'content')} with ${words.join(', ')}, found in ${cost}`,
    table(['name', 'size', 'providers', 'key'], rows),
  ].join('\n')
}
