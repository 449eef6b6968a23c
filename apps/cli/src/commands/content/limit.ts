import { Args, Flags } from '@oclif/core'
import { decimal, transferLimit } from '../../arguments.ts'
import { describeLimits } from '../../content/content-view.ts'
import { UsageFailure } from '../../failure.ts'
import { NodeCommand } from '../../node-command.ts'

const MAX_RATIO = 1_000_000
const MAX_SEED_MINUTES = 10_000_000

export class ContentLimit extends NodeCommand {
  static override summary = "Limit its rates, or the whole node's, or say when it has been seeded enough."
  static override description = 'What is not given stays as it is; 0 takes a limit away.'
  static override args = {
    KEY: Args.string({
      description: 'Its key, infohash, magnet link or name. Default: the whole node, until it stops.',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    'download-limit': Flags.custom<number>({
      char: 'd',
      description: 'Bytes a second: 500K, 2M.',
      helpValue: 'RATE',
      parse: transferLimit('--download-limit'),
    })(),
    'upload-limit': Flags.custom<number>({
      char: 'u',
      description: 'The same for what is sent.',
      helpValue: 'RATE',
      parse: transferLimit('--upload-limit'),
    })(),
    'seed-ratio': Flags.custom<number>({
      description: 'Pause it when so much was sent for each byte of it.',
      helpValue: 'RATIO',
      parse: decimal('--seed-ratio', { min: 0, max: MAX_RATIO }),
    })(),
    'seed-time': Flags.custom<number>({
      description: 'Pause it after so long.',
      helpValue: 'MINUTES',
      parse: decimal('--seed-time', { min: 0, max: MAX_SEED_MINUTES }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4 --upload-limit 500K --seed-ratio 2',
    '<%= config.bin %> <%= command.id %> film.mp4 -u 0',
    '<%= config.bin %> <%= command.id %> -d 5M -u 1M',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentLimit)
    const changes = {
      downloadBytesPerSecond: flags['download-limit'],
      uploadBytesPerSecond: flags['upload-limit'],
      seedRatio: flags['seed-ratio'],
      seedMinutes: flags['seed-time'],
    }
    const given = Object.entries({ key: args.KEY, ...changes }).filter(([, value]) => value !== undefined)
    if (args.KEY === undefined && (changes.seedRatio ?? changes.seedMinutes) !== undefined)
      throw new UsageFailure('--seed-ratio and --seed-time are of one content: name it.')
    const limited = await this.connect(flags).call('content.limit', Object.fromEntries(given), {
      signal: this.signal,
    })
    const { key, limits } = limited
    this.show(limited, flags, {
      text: () => describeLimits(limits),
      ids: () => (key === undefined ? [] : [key]),
    })
  }
}
