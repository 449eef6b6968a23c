import { Args, Flags } from '@oclif/core'
import type { FidelityResult, FidelitySize } from '@onehop/simulator'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure } from '../../failure.ts'
import { onInterrupt } from '../../interruption.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import { onParentGone } from '../../parent.ts'
import { ProgressLine } from '../../progress.ts'
import { chooseFidelity } from '../../simulate/fidelity-names.ts'
import { describeFidelity, summaryOf } from '../../simulate/fidelity-view.ts'

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
    const { FIDELITY_EXPERIMENTS } = await import('@onehop/simulator')
    const chosen = chooseFidelity(argv as string[], FIDELITY_EXPERIMENTS)
    const result = await this.measure(
      chosen.map(({ name }) => name),
      flags.quick ? 'quick' : 'full',
      flags.quiet,
    )
    const failure = failureOf(result)
    if (failure !== undefined && flags.json) throw failure
    this.show(result, flags, { text: () => describeFidelity(result), ids: () => traceHashes(result) })
    if (failure !== undefined) throw failure
  }

  private async measure(
    names: readonly string[],
    size: FidelitySize,
    isSilent: boolean,
  ): Promise<FidelityResult> {
    const { startFidelity } = await import('@onehop/simulator')
    const line = new ProgressLine()
    const running = startFidelity(names, size, ({ experiment, share, doing }) => {
      if (!isSilent) line.bar(experiment, share, 1, doing)
    })
    const stopListening = onInterrupt(() => {
      if (!isSilent) line.log('Ending with what has been measured so far …')
      running.interrupt()
    })
    onParentGone(() => running.interrupt())
    try {
      return await running.result
    } finally {
      stopListening()
      line.clear()
    }
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
