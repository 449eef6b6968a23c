import { Flags } from '@oclif/core'
import { allFlag, ContentCommand, keysArgs, keysUsage } from '../../content/content-command.ts'

export class ContentRemove extends ContentCommand {
  static override summary = 'Forget it: it is neither fetched nor offered any more. Complete files stay.'
  static override flags = {
    ...allFlag,
    'delete-files': Flags.boolean({ description: 'Delete its files too.' }),
  }
  static override strict = false
  static override usage = keysUsage
  static override args = keysArgs
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> bahx2cfahwcn --delete-files',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ContentRemove)
    const client = this.connect(flags)
    const keys = await this.keysOf(client, argv as string[], flags.all)
    const deleteFiles = flags['delete-files']
    for (const key of keys) await client.call('content.remove', { key, deleteFiles }, { signal: this.signal })
    this.show({ removed: keys }, flags, {
      text: () => keys.map(key => `${key} is removed.`).join('\n'),
      ids: () => keys,
    })
  }
}
