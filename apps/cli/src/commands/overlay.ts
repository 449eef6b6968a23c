import { inspect } from 'node:util'
import { NodeCommand } from '../node-command.ts'

export class Overlay extends NodeCommand {
  static override summary = "Show the node's overlay tables: group, view, contacts, filetuples."
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 4 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Overlay)
    const tables = await this.connect(flags).call<object>('overlay.inspect', [], { signal: this.signal })
    this.show(tables, flags, { text: () => inspect(tables, { depth: 6 }), ids: () => [] })
  }
}
