import { allFlag, ContentCommand, keysArgs, keysUsage } from '../../content/content-command.ts'

export class ContentResume extends ContentCommand {
  static override summary = 'Go on with what is paused, or was stopped by an error.'
  static override strict = false
  static override usage = keysUsage
  static override args = keysArgs
  static override flags = allFlag
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> --all --node 3',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ContentResume)
    await this.changeEach('content.resume', argv as string[], flags)
  }
}
