import { availableParallelism } from 'node:os'
import { Flags } from '@oclif/core'
import type { Comparison, ComparisonResult } from '@onehop/simulator'
import { wholeNumber } from '../arguments.ts'
import { ComparisonDisplay } from '../compare/comparison-display.ts'
import { comparisonOf } from '../compare/comparison-flags.ts'
import { describeComparison } from '../compare/comparison-view.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure, Interrupted } from '../failure.ts'
import { OutputCommand, outputFlags } from '../node-command.ts'
import { writeError } from '../output.ts'
import { resultOf } from '../simulate/measured.ts'
import { assertWritable, reportFlag } from '../simulate/report-folder.ts'

const GROUP = 'COMPARISON'
const MOST_THREADS = 16

function figure(description: string, helpValue: string) {
  return Flags.string({ description, helpValue, helpGroup: GROUP })
}

export class Compare extends OutputCommand {
  static override summary = 'Compare the overlays: the same network, the same work, the same seed, measured.'
  static override description =
    'Runs each overlay at each size under each churn in virtual time, with the code that runs live, and prints what\n' +
    'lookups find, how long they take and what they cost, what nodes send, keep and bear, beside the lecture’s formulas.\n' +
    'Without flags: all overlays with 1,000 nodes that stay, 2,000 lookups in 5 virtual minutes. Lookups and minutes are\n' +
    'few, so that it ends in minutes: a flood through 10,000 nodes is tens of thousands of messages.\n' +
    'One seed, one trace hash for each run, wherever it ran. Ctrl-C ends it with what has been measured so far.'
  static override baseFlags = outputFlags
  static override flags = {
    overlays: figure('Which: kelips, napster, gnutella, fasttrack, chord, pastry. Default: all.', 'NAME,…'),
    nodes: figure('How many nodes, one network each. Default: 1000.', 'N,…'),
    churn: figure('Shares of the nodes that go and are replaced in an hour. Default: 0.', 'N/h,…'),
    minutes: figure('Virtual minutes to measure, after the warm-up. Default: 5.', 'N'),
    lookups: figure('Lookups of each run, spread over the minutes. Default: 2000.', 'N'),
    files: figure('Files that each node provides. Default: 10.', 'N'),
    seed: figure('One seed, one run. Default: 1.', 'N'),
    latency: figure('king, geographic, constant:MS or uniform:MS-MS, one way. Default: geographic.', 'MODEL'),
    connections: figure(
      'Open connections of a node, more where it serves others; "free": nothing is dialled. Default: 64.',
      'N|free',
    ),
    threads: Flags.custom<number>({
      description: 'Networks that run at a time. Default: one for each core.',
      helpValue: 'N',
      parse: wholeNumber('--threads', { min: 1, max: MOST_THREADS }),
    })(),
    ...reportFlag,
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --nodes 1000,10000 --churn 0,0.25/h,1/h --report /tmp/compared',
    '<%= config.bin %> <%= command.id %> --overlays kelips,chord --nodes 500 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Compare)
    const { checkComparisonMemory } = await import('@onehop/simulator')
    const comparison = await comparisonOf(flags)
    const threads = flags.threads ?? Math.min(MOST_THREADS, availableParallelism())
    const memory = checkComparisonMemory(comparison, threads, process.availableMemory())
    if (!memory.ok) throw new CommandFailure(EXIT.failed, memory.detail ?? memory.code)
    if (flags.report !== undefined) assertWritable(flags.report)
    const result = await this.compare(comparison, threads, flags)
    if (flags.report !== undefined) await this.writeReport(flags.report, result, flags.quiet || flags.json)
    if (result.interrupted && flags.json)
      throw new CommandFailure(EXIT.interrupted, 'Interrupted: these are the figures so far.', result)
    const text = await describeComparison(result)
    this.show(result, flags, { text: () => text, ids: () => result.runs.map(({ traceHash }) => traceHash) })
    if (result.interrupted) throw new Interrupted()
  }

  private async compare(
    comparison: Comparison,
    threads: number,
    flags: { quiet: boolean; json: boolean },
  ): Promise<ComparisonResult> {
    const { estimateComparisonBytes, startComparison } = await import('@onehop/simulator')
    const display = new ComparisonDisplay(flags)
    const result = resultOf(startComparison(comparison, threads, display), display)
    // Only now: who reads it may press Ctrl-C.
    display.begin(comparison, threads, estimateComparisonBytes(comparison, threads))
    return result
  }

  private async writeReport(folder: string, result: ComparisonResult, isSilent: boolean): Promise<void> {
    const { writeComparisonReport } = await import('@onehop/simulator')
    const page = writeComparisonReport(folder, result)
    if (!isSilent) writeError(`Report: ${page}`)
  }
}
