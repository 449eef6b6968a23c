import { Args } from '@oclif/core'
import { describeLimits } from '../../content/content-view.ts'
import { limitFlags, typedLimits } from '../../content/limit-flags.ts'
import { UsageFailure } from '../../failure.ts'
import { NodeCommand } from '../../node-command.ts'

export class ContentLimit extends NodeCommand {
  static override summary = "Limit its rates, or the whole node's, or say when it has been seeded enough."
  static override description = 'What is not given stays as it is; 0 takes a limit away.'
  static override args = {
    KEY: Args.string({
      description: 'Its key, infohash, magnet link or name. Default: the whole node, until it stops.',
      ignoreStdin: true,
    }),
  }
  static override flags = limitFlags
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4 --upload-limit 500K --seed-ratio 2',
    '<%= config.bin %> <%= command.id %> film.mp4 -u 0',
    '<%= config.bin %> <%= command.id %> -d 5M -u 1M',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentLimit)
    const changes = typedLimits(flags)
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
