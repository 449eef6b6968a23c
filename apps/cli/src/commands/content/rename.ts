import { Args } from '@oclif/core'
import { keyArg } from '../../content/content-command.ts'
import { describeFiles } from '../../content/content-view.ts'
import { NodeCommand } from '../../node-command.ts'

export class ContentRename extends NodeCommand {
  static override summary = 'Give one of its files another path on the disk; for others it keeps its name.'
  static override args = {
    KEY: keyArg,
    FILE: Args.string({ description: 'The number or path of the file.', required: true }),
    PATH: Args.string({ description: "The new path, below the content's folder.", required: true }),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> album 3 bonus/song.mp3']

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentRename)
    const params = { key: args.KEY, file: args.FILE, path: args.PATH }
    const renamed = await this.connect(flags).call('content.rename', params, { signal: this.signal })
    this.show(renamed, flags, { text: () => describeFiles(renamed.files), ids: () => [renamed.key] })
  }
}
