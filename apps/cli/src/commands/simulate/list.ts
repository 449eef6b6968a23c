import { indented, style } from '../../format.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'

/** An experiment as it is listed. */
interface Listed {
  readonly name: string
  /** What runs it. */
  readonly command: 'simulate kelips' | 'simulate fidelity' | 'simulate swarm'
  readonly question: string
  /** The preset, or the parameters. */
  readonly experiment: object
}

export class SimulateList extends OutputCommand {
  static override summary = 'List the experiments that are kept as presets, and what they answer.'
  static override baseFlags = outputFlags
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(SimulateList)
    const listed = await listExperiments()
    this.show(listed, flags, {
      text: () => textOf(listed),
      ids: () => listed.map(({ name }) => name),
    })
  }
}

async function listExperiments(): Promise<Listed[]> {
  const { FIDELITY_EXPERIMENTS, loadPreset, presetNames, SWARM_EXPERIMENTS } = await import(
    '@onehop/simulator'
  )
  const presets = presetNames().map(name => {
    const { question, input } = loadPreset(name)
    return { name, command: 'simulate kelips', question, experiment: input } as const
  })
  const fidelity = FIDELITY_EXPERIMENTS.map(one => {
    const { name, question } = one
    return { name, command: 'simulate fidelity', question, experiment: one.parametersOf('full') } as const
  })
  const swarms = SWARM_EXPERIMENTS.map(one => {
    const { name, question } = one
    return { name, command: 'simulate swarm', question, experiment: one.parametersOf('full', 1) } as const
  })
  return [...presets, ...fidelity, ...swarms]
}

function textOf(listed: readonly Listed[]): string {
  const commands = new Set(listed.map(({ command }) => command))
  const sections = [...commands].map(command => [
    style('dim', `onehop ${command} …`),
    ...listed
      .filter(one => one.command === command)
      .map(({ name, question }) => `${style('bold', name)}\n${indented(question, 2)}`),
  ])
  return sections.map(lines => lines.join('\n')).join('\n\n')
}
