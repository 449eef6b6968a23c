import { fields, fitted, style, table } from '../format.ts'
import { NodeCommand } from '../node-command.ts'

/** Columns of a cell: a peer id, whole. */
const MAX_CELL_COLUMNS = 52

/** What an overlay tells of itself: figures, and lists of what it knows. Each overlay has its own. */
type Tables = Readonly<Record<string, unknown>>

export class Overlay extends NodeCommand {
  static override summary =
    "Show the node's overlay: its place there, the peers and the pointers that it knows, its traffic."
  static override description =
    'Each overlay has its own figures and lists: of Kelips its groups and contacts, of Chord its successors and fingers, and so on.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 4 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Overlay)
    const tables = await this.connect(flags).call<Tables>('overlay.inspect', [], { signal: this.signal })
    this.show(tables, flags, { text: () => describe(tables), ids: () => [] })
  }
}

/** The figures first, then each list as a table. */
function describe(tables: Tables): string {
  const figures: Record<string, string> = {}
  const lists: string[] = []
  for (const [name, value] of Object.entries(tables)) {
    if (Array.isArray(value)) lists.push(listOf(name, value as unknown[]))
    else if (isGroup(value)) {
      for (const [part, figure] of Object.entries(value)) figures[`${name}.${part}`] = cellOf(figure)
    } else figures[name] = cellOf(value)
  }
  return [fields(figures), ...lists].join('\n\n')
}

/** Figures that belong together. */
function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function listOf(name: string, entries: readonly unknown[]): string {
  const heading = style('bold', `${name} (${entries.length})`)
  const rows = entries.map(entry => (typeof entry === 'object' && entry !== null ? entry : { value: entry }))
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))]
  if (rows.length === 0) return heading
  return `${heading}\n${table(
    columns,
    rows.map(row => columns.map(column => cellOf((row as Tables)[column]))),
  )}`
}

function cellOf(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(Math.round(value * 10) / 10)
  return fitted(typeof value === 'object' ? JSON.stringify(value) : String(value), MAX_CELL_COLUMNS)
}
