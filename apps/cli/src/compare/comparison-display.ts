import type { ComparedRun, Comparison, ComparisonListener, ComparisonProgress } from '@onehop/simulator'
import { duration } from '../format.ts'
import { writeError } from '../output.ts'
import { ProgressLine } from '../progress.ts'

/** Before so much has been done nobody can tell how long the rest takes. */
const LEAST_SHARE_FOR_ETA = 0.01

/** Tells on stderr what is to come, how far it is, and each run that has ended. */
export class ComparisonDisplay implements ComparisonListener {
  private readonly line = new ProgressLine()
  private readonly isSilent: boolean
  private readonly startedMs = performance.now()

  constructor({ quiet, json }: { readonly quiet: boolean; readonly json: boolean }) {
    this.isSilent = quiet || (json && !process.stderr.isTTY)
  }

  begin(comparison: Comparison, threads: number, neededBytes: number): void {
    const needed = gigabytes(neededBytes)
    const available = gigabytes(process.availableMemory())
    const { minutes, lookups, filesPerNode } = comparison
    const runs = comparison.overlays.length * comparison.nodes.length * comparison.churn.length
    if (this.isSilent) return
    writeError(
      `${runs} runs of ${minutes} virtual minutes, ${lookups} lookups each, ${filesPerNode} files a node, ${threads} at a time. About ${needed} of memory needed, ${available} available.`,
    )
  }

  onProgress({ runs, done, share, under }: ComparisonProgress): void {
    if (this.isSilent) return
    const elapsedMs = performance.now() - this.startedMs
    const left = share < LEAST_SHARE_FOR_ETA ? '' : `, ${duration((elapsedMs * (1 - share)) / share)} left`
    const now = under.map(({ setup, progress }) => `${setup.overlay} ${setup.nodes} ${progress.stage}`)
    this.line.bar('comparing', share, 1, `${done} of ${runs} runs${left}: ${now.join(', ')}`)
  }

  onRun({ overlay, nodes, churn, successShare, p50Ms, wallSeconds }: ComparedRun): void {
    if (this.isSilent) return
    const found = `${(successShare * 100).toFixed(2)} % found, p50 ${duration(p50Ms ?? 0)}`
    this.line.log(
      `${overlay}, ${nodes} nodes, churn ${churn}/h: ${found}; took ${duration(wallSeconds * 1000)}`,
    )
  }

  interrupting(): void {
    this.line.clear()
    if (!this.isSilent) writeError('Ending with what has been measured so far …')
  }

  end(): void {
    this.line.clear()
  }
}

/** `1.2 GB` */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
