import { Args, Flags } from '@oclif/core'
import type { FidelityResult } from '@onehop/simulator'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure } from '../../failure.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import { chooseFidelity } from '../../simulate/fidelity-names.ts'
import { describeFidelity, summaryOf } from '../../simulate/fidelity-view.ts'
import { measured } from '../../simulate/measured.ts'

export class SimulateFidelity extends OutputCommand {
  static override summary = 'Compare the classic overlays with what was published of them.'
  static override description =
    'Each experiment runs our machines in virtual time and puts its figures beside the published ones. One seed, one run.\n' +
    'NAME is an experiment, or an overlay for all of its experiments; "onehop simulate list" names them. Without NAME: all.\n' +
    'Ends with 6 when a figure is not as published.'
  static override baseFlags = outputFlags
  static override strict = false
  static override usage = '<%= command.id %> [NAME...] [--quick] [--json] [-q]'
  static override args = {
    NAME: Args.string({ description: 'An experiment, or napster, gnutella, fasttrack, chord or pastry.' }),
  }
  static override flags = {
    quick: Flags.boolean({ description: 'Small networks: seconds instead of minutes.' }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> --quick',
    '<%= config.bin %> <%= command.id %> chord pastry',
    '<%= config.bin %> <%= command.id %> gnutella --json',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(SimulateFidelity)
    const { FIDELITY_EXPERIMENTS, startFidelity } = await import('@onehop/simulator')
    const names = chooseFidelity(argv as string[], FIDELITY_EXPERIMENTS).map(({ name }) => name)
    const size = flags.quick ? 'quick' : 'full'
    const result = await measured(onProgress => startFidelity(names, size, onProgress), flags.quiet)
    const failure = failureOf(result)
    if (failure !== undefined && flags.json) throw failure
    this.show(result, flags, { text: () => describeFidelity(result), ids: () => traceHashes(result) })
    if (failure !== undefined) throw failure
  }
}

function failureOf(result: FidelityResult): CommandFailure | undefined {
  if (result.interrupted)
    return new CommandFailure(EXIT.interrupted, 'Interrupted: these are the figures so far.', result)
  const isGood = result.experiments.every(({ verdict }) => verdict === 'as published')
  return isGood ? undefined : new CommandFailure(EXIT.verificationFailed, summaryOf(result), result)
}

function traceHashes({ experiments }: FidelityResult): readonly string[] {
  const rows = experiments.flatMap(one => one.rows)
  return [...new Set(rows.flatMap(({ traceHash }) => traceHash ?? []))]
}
