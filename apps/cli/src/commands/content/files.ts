import { Flags } from '@oclif/core'
import { keyArg } from '../../content/content-command.ts'
import { describeFiles } from '../../content/content-view.ts'
import { NodeCommand } from '../../node-command.ts'

const LIST = { helpValue: 'LIST', multiple: true, multipleNonGreedy: true, delimiter: ',' } as const

export class ContentFiles extends NodeCommand {
  static override summary = 'Show its files, or say which are wanted, and how much.'
  static override description =
    'LIST holds numbers (0, 2-5) and patterns (*.mp3, disc1/**). Of several wishes for one file the last counts, in ' +
    'the order skip, low, normal, high.'
  static override args = { KEY: keyArg }
  static override flags = {
    only: Flags.string({ ...LIST, description: 'Fetch these, and no others.' }),
    skip: Flags.string({ ...LIST, description: 'Do not fetch these.' }),
    low: Flags.string({ ...LIST, description: 'Fetch these after the others.' }),
    normal: Flags.string({ ...LIST, description: 'Fetch these as usual.' }),
    high: Flags.string({ ...LIST, description: 'Fetch these before the others.' }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> album',
    "<%= config.bin %> <%= command.id %> album --only '*.flac'",
    '<%= config.bin %> <%= command.id %> album --skip 3-9 --high 0',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentFiles)
    const { only, low, high } = flags
    const skip = [...(only === undefined ? [] : ['**']), ...(flags.skip ?? [])]
    const normal = [...(only ?? []), ...(flags.normal ?? [])]
    const wishes = Object.entries({ skip, low, normal, high }).filter(([, list]) => (list?.length ?? 0) > 0)
    const client = this.connect(flags)
    const options = { signal: this.signal }
    const shown =
      wishes.length === 0
        ? await client.call('content.show', { key: args.KEY }, options)
        : await client.call('content.files', { key: args.KEY, ...Object.fromEntries(wishes) }, options)
    this.show(shown.files, flags, {
      text: () => describeFiles(shown.files),
      ids: () => shown.files.filter(({ priority }) => priority !== 'skip').map(({ path }) => path),
    })
  }
}
