import { Args, Flags } from '@oclif/core'
import type { Experiment, ExperimentResult, Progress } from '@onehop/simulator'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure, Interrupted } from '../../failure.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import { writeError } from '../../output.ts'
import { experimentOf } from '../../simulate/experiment-flags.ts'
import { resultOf } from '../../simulate/measured.ts'
import { assertWritable, reportFlag } from '../../simulate/report-folder.ts'
import { describeResult } from '../../simulate/result-view.ts'
import { RunDisplay } from '../../simulate/run-display.ts'

const GROUP = 'EXPERIMENT'

function figure(description: string, helpValue: string) {
  return Flags.string({ description, helpValue, helpGroup: GROUP })
}

export class SimulateKelips extends OutputCommand {
  static override summary = 'Run an experiment with thousands of Kelips nodes in virtual time.'
  static override description =
    'The nodes run the same code as live ones. One seed, one run: same trace hash, same figures.\n' +
    '"onehop simulate list" names the presets. Flags change a preset, or make an experiment of the defaults.\n' +
    'Ctrl-C ends it with what has been measured so far.'
  static override baseFlags = outputFlags
  static override args = {
    PRESET: Args.string({
      description: 'A preset, or a file of JSON (*.json) with the fields of an experiment.',
    }),
  }
  static override flags = {
    nodes: figure('How many nodes.', 'N'),
    files: figure('Files of all nodes together.', 'N'),
    minutes: figure('Virtual minutes to measure, after the warm-up.', 'N'),
    seed: figure('One seed, one run.', 'N'),
    groups: figure('k: "auto", or the same number for all nodes.', 'N|auto'),
    churn: figure('Share of the nodes that goes and is replaced in an hour, such as 0.25/h.', 'N/h'),
    lookups: figure('Lookups per node and minute.', 'N'),
    zipf: figure('Popularity of the file of rank r is r^-ZIPF: 0, 0.5, 1, 1.5 or 2.', 'ZIPF'),
    latency: figure('king, geographic, constant:MS or uniform:MS-MS, one way.', 'MODEL'),
    loss: figure('Share of the messages that vanish.', '0…0.9'),
    connections: figure('Open connections of a node at most; "free": dialling costs nothing.', 'N|free'),
    hostile: figure('Share of the nodes that work against the others, together.', '0…0.5'),
    ...reportFlag,
    log: Flags.string({ description: 'Append lines of progress to this file.', helpValue: 'FILE' }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> one-hop-1k',
    '<%= config.bin %> <%= command.id %> --nodes 10000 --churn 0.25/h --files 1000000 --minutes 60 --seed 1 --json',
    '<%= config.bin %> <%= command.id %> half-killed-1k --report /tmp/half-killed',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SimulateKelips)
    const { checkMemory } = await import('@onehop/simulator')
    const experiment = await experimentOf(args.PRESET, flags)
    const memory = checkMemory(experiment, process.availableMemory())
    if (!memory.ok) throw new CommandFailure(EXIT.failed, memory.detail ?? memory.code)
    if (flags.report !== undefined) assertWritable(flags.report)
    const result = await this.runExperiment(experiment, flags)
    if (flags.report !== undefined) await this.writeReport(flags.report, result, flags.quiet || flags.json)
    if (result.interrupted && flags.json)
      throw new CommandFailure(EXIT.interrupted, 'Interrupted: these are the figures so far.', result)
    this.show(result, flags, {
      text: () => describeResult(result),
      ids: () => ('traceHash' in result ? [result.traceHash] : []),
    })
    if (result.interrupted) throw new Interrupted()
  }

  private async runExperiment(
    experiment: Experiment,
    flags: { quiet: boolean; json: boolean; log?: string | undefined },
  ): Promise<ExperimentResult> {
    const { startExperiment } = await import('@onehop/simulator')
    const display = new RunDisplay(experiment, flags)
    await display.begin()
    const running = startExperiment(experiment, (progress: Progress) => display.show(progress))
    return resultOf(running, display)
  }

  private async writeReport(folder: string, result: ExperimentResult, isSilent: boolean): Promise<void> {
    const { writeReport } = await import('@onehop/simulator')
    const page = writeReport(folder, result)
    if (!isSilent) writeError(`Report: ${page}`)
  }
}
