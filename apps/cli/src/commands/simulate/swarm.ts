import { Args, Flags } from '@oclif/core'
import type { SwarmResult } from '@onehop/simulator'
import { wholeNumber } from '../../arguments.ts'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure } from '../../failure.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import { writeError } from '../../output.ts'
import { measured } from '../../simulate/measured.ts'
import { assertWritable, reportFlag } from '../../simulate/report-folder.ts'
import { chooseSwarms } from '../../simulate/swarm-names.ts'
import { describeSwarms, swarmSummaryOf } from '../../simulate/swarm-view.ts'

const MOST_SEED = 0xffff_ffff

export class SimulateSwarm extends OutputCommand {
  static override summary = 'Run swarms of compliant nodes, free riders and strategists in virtual time.'
  static override description =
    'The nodes run the same code as live ones; each experiment runs under tit-for-tat and under proportional share, and\n' +
    'prints download times and who got what. One seed, one run. "onehop simulate list" names the experiments.\n' +
    'Without NAME: all. Ends with 6 when a figure is not as it should be. Ctrl-C ends it with the figures so far.'
  static override baseFlags = outputFlags
  static override strict = false
  static override usage = '<%= command.id %> [NAME...] [--quick] [--seed N] [--report DIR] [--json] [-q]'
  static override args = {
    NAME: Args.string({
      description: 'compliant, free-riders, large-view, tyrants, mixed or departing-seed.',
    }),
  }
  static override flags = {
    quick: Flags.boolean({ description: 'Small swarms: seconds instead of minutes.' }),
    seed: Flags.custom<number>({
      description: 'One seed, one run. Default: 1.',
      helpValue: 'N',
      default: 1,
      parse: wholeNumber('--seed', { min: 0, max: MOST_SEED }),
    })(),
    ...reportFlag,
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> --quick',
    '<%= config.bin %> <%= command.id %> free-riders large-view --report /tmp/swarms',
    '<%= config.bin %> <%= command.id %> tyrants --seed 7 --json',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(SimulateSwarm)
    const { SWARM_EXPERIMENTS, startSwarm, writeSwarmReport } = await import('@onehop/simulator')
    const names = chooseSwarms(argv as string[], SWARM_EXPERIMENTS).map(({ name }) => name)
    if (flags.report !== undefined) assertWritable(flags.report)
    const size = flags.quick ? 'quick' : 'full'
    const job = { names, size, seed: flags.seed } as const
    const result = await measured(onProgress => startSwarm(job, onProgress), flags.quiet)
    if (flags.report !== undefined) {
      const page = writeSwarmReport(flags.report, result)
      if (!flags.quiet && !flags.json) writeError(`Report: ${page}`)
    }
    const failure = failureOf(result)
    if (failure !== undefined && flags.json) throw failure
    this.show(result, flags, { text: () => describeSwarms(result), ids: () => traceHashes(result) })
    if (failure !== undefined) throw failure
  }
}

function failureOf(result: SwarmResult): CommandFailure | undefined {
  if (result.interrupted)
    return new CommandFailure(EXIT.interrupted, 'Interrupted: these are the figures so far.', result)
  const isGood = result.experiments.every(({ verdict }) => verdict === 'as it should be')
  return isGood ? undefined : new CommandFailure(EXIT.verificationFailed, swarmSummaryOf(result), result)
}

function traceHashes({ experiments }: SwarmResult): readonly string[] {
  return experiments.flatMap(({ runs }) => runs.map(({ traceHash }) => traceHash))
}
