import { indented, style } from '../../format.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'

export class SimulateList extends OutputCommand {
  static override summary = 'List the experiments that are kept as presets, and what they answer.'
  static override baseFlags = outputFlags
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(SimulateList)
    const { loadPreset, presetNames } = await import('@onehop/simulator')
    const presets = presetNames().map(name => loadPreset(name))
    this.show(
      presets.map(({ name, question, input }) => ({ name, question, experiment: input })),
      flags,
      {
        text: () =>
          presets.map(({ name, question }) => `${style('bold', name)}\n${indented(question, 2)}`).join('\n'),
        ids: () => presets.map(({ name }) => name),
      },
    )
  }
}
