import { allFlag, ContentCommand, keysArgs, keysUsage } from '../../content/content-command.ts'

export class ContentPause extends ContentCommand {
  static override summary =
    'Let nothing of it in or out until it is resumed; others are told no more that it is here.'
  static override strict = false
  static override usage = keysUsage
  static override args = keysArgs
  static override flags = allFlag
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> --all --node 3',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ContentPause)
    await this.changeEach('content.pause', argv as string[], flags)
  }
}
