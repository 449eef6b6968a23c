import { Args } from '@oclif/core'
import { keyArg } from '../../content/content-command.ts'
import { outputPath } from '../../content/typed-path.ts'
import { NodeCommand } from '../../node-command.ts'

export class ContentMove extends NodeCommand {
  static override summary = 'Move it on the disk; it is offered from there.'
  static override args = {
    KEY: keyArg,
    PATH: Args.string({ description: 'Where to, or a folder to move it into.', required: true }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4 /srv/films/',
    '<%= config.bin %> <%= command.id %> film.mp4 /srv/films/roman-holiday.mp4',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentMove)
    const params = { key: args.KEY, path: outputPath(args.PATH, 'PATH') }
    const options = { signal: this.signal, timeoutMs: 0 }
    const moved = await this.connect(flags).call('content.move', params, options)
    this.show(moved, flags, { text: () => moved.path, ids: () => [moved.key] })
  }
}
