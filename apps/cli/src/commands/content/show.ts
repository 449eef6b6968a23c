import { keyArg } from '../../content/content-command.ts'
import { describeContent } from '../../content/content-view.ts'
import { NodeCommand } from '../../node-command.ts'

export class ContentShow extends NodeCommand {
  static override summary =
    'Show everything about one content: files, trackers, pieces, and of every peer why it is choked or not.'
  static override args = { KEY: keyArg }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> bahx2cfahwcn --json',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentShow)
    const client = this.connect(flags)
    const shown = await client.call('content.show', { key: args.KEY }, { signal: this.signal })
    this.show(shown, flags, { text: () => describeContent(shown, client.url), ids: () => [shown.key] })
  }
}
