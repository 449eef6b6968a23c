import { Args } from '@oclif/core'
import { NodeCommand } from '../node-command.ts'

export class Unpublish extends NodeCommand {
  static override summary = 'Stop offering content, and take its key, name and words back; the file stays.'
  static override args = {
    KEY_OR_NAME: Args.string({
      description: 'A key (CID), an infohash in hex, a magnet link, or the name of what the node offers.',
      required: true,
    }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> bahx2cfahwcn4nvlmepqlmw2x4pttgbxgr3nbu --node 3',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Unpublish)
    const key = args.KEY_OR_NAME
    await this.connect(flags).call('content.remove', { key }, { signal: this.signal })
    this.show({ removed: key }, flags, { text: () => `${key} is offered no more.`, ids: () => [key] })
  }
}
