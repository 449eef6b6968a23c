import type { ContentSummary } from '@onehop/rpc'
import { byteCount, fitted, percent, rate, table } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

/** Columns of a name: the rest of the row then fits into a terminal of 120. */
const MAX_NAME_COLUMNS = 24

export class ContentList extends NodeCommand {
  static override summary = 'List what the node offers and fetches.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 3 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(ContentList)
    const list = await this.connect(flags).call('content.list', [], { signal: this.signal })
    this.show(list, flags, { text: () => describe(list), ids: () => list.map(({ key }) => key) })
  }
}

function describe(list: readonly ContentSummary[]): string {
  if (list.length === 0) return 'Nothing yet; offer a file with "onehop publish PATH".'
  const rows = list.map(content => [
    content.name === '' ? '(not known yet)' : fitted(content.name, MAX_NAME_COLUMNS),
    content.pieces === 0 && content.name === '' ? '' : byteCount(content.bytes),
    content.pieces === 0 ? '' : percent(content.bytesDone, content.bytesWanted),
    content.state,
    moving(content.downloadBytesPerSecond),
    moving(content.uploadBytesPerSecond),
    String(content.peers),
    content.key,
  ])
  const headings = ['name', 'size', 'here', 'state', 'down', 'up', 'peers', 'key']
  return [table(headings, rows), ...list.flatMap(noteOf)].join('\n')
}

function moving(bytesPerSecond: number): string {
  return bytesPerSecond === 0 ? '' : rate(bytesPerSecond)
}

/** Why something stands still. */
function noteOf({ name, key, problem, reason }: ContentSummary): string[] {
  const why = problem ?? reason
  return why === undefined ? [] : [`${fitted(name === '' ? key : name, MAX_NAME_COLUMNS)}: ${why}`]
}
