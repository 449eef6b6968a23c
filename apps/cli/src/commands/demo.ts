import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TOUR_FIRST_RPC_PORT, TOUR_NODES } from '../demo/limits.ts'
import { runStep, runTour, type StepReport } from '../demo/run-tour.ts'
import { check, type Findings } from '../demo/tour.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure, Interrupted } from '../failure.ts'
import { count, duration, indented, style } from '../format.ts'
import { launcherOf } from '../home.ts'
import { onInterrupt } from '../interruption.ts'
import { OutputCommand, outputFlags } from '../node-command.ts'
import { writeJson, writeLine } from '../output.ts'
import { onParentGone } from '../parent.ts'
import { ProgressLine } from '../progress.ts'
import { killTestnet } from '../testnet/down.ts'
import { Testnet } from '../testnet/testnet.ts'

export class Demo extends OutputCommand {
  static override summary =
    'Take a tour: a testnet of 8 nodes, payments, a double spend, a shared file, a crash.'
  static override description =
    'Runs in a temporary folder, which is removed at the end. Ends with 0 only if every step held.'
  static override baseFlags = { json: outputFlags.json }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  private readonly progress = new ProgressLine()
  private readonly reports: StepReport[] = []
  private readonly interruption = new AbortController()

  async run(): Promise<void> {
    const { flags } = await this.parse(Demo)
    const startedMs = performance.now()
    const folder = mkdtempSync(join(tmpdir(), 'onehop-demo-'))
    // A testnet of the user's own stays the one that --node means.
    process.env.ONEHOP_HOME = folder
    onInterrupt(
      () => this.interruption.abort(new Interrupted()),
      () => {
        killTestnet(testnetFolder(folder))
        rmSync(folder, { recursive: true, force: true })
        process.exit(EXIT.interrupted)
      },
    )
    onParentGone(() => this.interruption.abort(new Interrupted()))
    try {
      await this.takeTour(folder, flags.json)
    } finally {
      this.progress.clear()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
    this.conclude(flags.json, Math.round(performance.now() - startedMs))
  }

  private async takeTour(folder: string, json: boolean): Promise<void> {
    const { signal } = this.interruption
    const report = (step: StepReport) => this.report(step, json)
    let testnet: Testnet | undefined
    try {
      const title = `Start ${count(TOUR_NODES, 'node')}, one process each, and mine to maturity`
      const started = await runStep(title, signal, async () => {
        testnet = await this.startTestnet(folder)
        return describeStart(testnet)
      })
      report(started)
      if (testnet !== undefined && started.ok) {
        await runTour({ folder, testnet, signal }, step => this.progress.show(`${step} …`), report)
      }
    } finally {
      await testnet?.stop()
    }
    if (testnet !== undefined) report(await runStep('Stop all nodes', signal, () => describeEnd(testnet!)))
  }

  private startTestnet(folder: string): Promise<Testnet> {
    return Testnet.start({
      datadir: testnetFolder(folder),
      nodes: TOUR_NODES,
      miners: 1,
      blockTimeSeconds: 0,
      firstRpcPort: TOUR_FIRST_RPC_PORT,
      detach: false,
      launcher: launcherOf(this.config.root),
      signal: this.interruption.signal,
      onPhase: phase => this.progress.show(`${phase} …`),
    })
  }

  private report(step: StepReport, json: boolean): void {
    this.reports.push(step)
    this.progress.clear()
    if (json) return
    const mark = step.ok ? style('green', '✓') : style('red', '✗')
    const number = `${this.reports.length}.`.padStart(3)
    writeLine(`${mark} ${number} ${step.title}  ${style('dim', duration(step.elapsedMs))}`)
    writeLine(indented(step.text, 7))
  }

  private conclude(json: boolean, elapsedMs: number): void {
    const { reports: steps } = this
    const failed = steps.find(({ ok }) => !ok)
    const result = { ok: failed === undefined, elapsedMs, steps }
    if (failed !== undefined) {
      const what = `The step "${failed.title}" did not hold: ${failed.text}`
      throw new CommandFailure(EXIT.failed, what, result)
    }
    if (json) writeJson(result)
    else writeLine(`\n${style('bold', `All ${count(steps.length, 'step')} held`)} in ${duration(elapsedMs)}.`)
  }
}

function testnetFolder(folder: string): string {
  return join(folder, 'testnet')
}

async function describeStart(testnet: Testnet): Promise<Findings> {
  const statuses = await testnet.statuses()
  const groups = new Set(statuses.map(({ overlay }) => overlay.group))
  const peers = statuses.map(status => status.peers)
  return {
    text: `${statuses.length} nodes in ${count(groups.size, 'affinity group')}, ${Math.min(...peers)} to ${Math.max(...peers)} peers each`,
    figures: { nodes: statuses.length, groups: groups.size, peers },
  }
}

async function describeEnd(testnet: Testnet): Promise<Findings> {
  const left = testnet.nodes.filter(node => node.isRunning())
  check(left.length === 0, `${left.map(({ name }) => name).join(', ')} did not end.`)
  return { text: 'no process is left', figures: { processes: 0 } }
}
