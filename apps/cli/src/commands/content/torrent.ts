import { Flags } from '@oclif/core'
import { keyArg } from '../../content/content-command.ts'
import { checkTorrentOutput, writeTorrentFiles } from '../../content/torrent-output.ts'
import { NodeCommand } from '../../node-command.ts'

export class ContentTorrent extends NodeCommand {
  static override summary = 'Write its .torrent file.'
  static override args = { KEY: keyArg }
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'File or folder. Default: this folder.',
      helpValue: 'PATH',
    }),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> film.mp4 -o film.torrent']

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentTorrent)
    const client = this.connect(flags)
    const output = checkTorrentOutput(flags.output ?? '.', 1)
    const [path] = await writeTorrentFiles(client, [args.KEY], output, this.signal)
    this.show({ torrentFile: path }, flags, { text: () => path!, ids: () => [path!] })
  }
}
