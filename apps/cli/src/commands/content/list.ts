import { byteCount, fitted, table } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

/** Columns of a name: the rest of the row then fits into a terminal of 120. */
const MAX_NAME_COLUMNS = 32

export class ContentList extends NodeCommand {
  static override summary = 'List what the node offers and fetches.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 3 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(ContentList)
    const list = await this.connect(flags).call('content.list', [], { signal: this.signal })
    const rows = list.map(({ name, bytes, pieces, piecesDone, state, peers, key }) => [
      fitted(name, MAX_NAME_COLUMNS),
      byteCount(bytes),
      `${piecesDone}/${pieces}`,
      state,
      String(peers),
      key,
    ])
    this.show(list, flags, {
      text: () =>
        rows.length === 0
          ? 'Nothing yet; offer a file with "onehop publish PATH".'
          : table(['name', 'size', 'pieces', 'state', 'peers', 'key'], rows),
      ids: () => list.map(({ key }) => key),
    })
  }
}
