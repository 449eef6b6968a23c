import { tellFailure } from '../failure.ts'
import { contentSteps } from './content-steps.ts'
import { doubleSpend, maturity, payment } from './ledger-steps.ts'
import { recovery } from './recovery-step.ts'
import type { Findings, Step, Tour } from './tour.ts'

/** How one step went. */
export interface StepReport extends Findings {
  readonly title: string
  readonly ok: boolean
  readonly elapsedMs: number
}

/** The steps after the start of the testnet, in order. */
function tourSteps(): Step[] {
  return [maturity, payment, doubleSpend, ...contentSteps(), recovery]
}

/** Runs one step. What does not hold is reported, not thrown; an interruption is thrown. */
export async function runStep(
  title: string,
  signal: AbortSignal,
  run: () => Promise<Findings>,
): Promise<StepReport> {
  const startedMs = performance.now()
  const elapsedMs = () => Math.round(performance.now() - startedMs)
  try {
    const findings = await run()
    return { title, ok: true, elapsedMs: elapsedMs(), ...findings }
  } catch (error) {
    signal.throwIfAborted()
    const { message, code } = tellFailure(error)
    return { title, ok: false, elapsedMs: elapsedMs(), text: message, figures: { code } }
  }
}

/** Runs the steps until one does not hold. */
export async function runTour(
  tour: Tour,
  onStep: (title: string) => void,
  onReport: (report: StepReport) => void,
): Promise<void> {
  for (const step of tourSteps()) {
    onStep(step.title)
    const report = await runStep(step.title, tour.signal, () => step.run(tour))
    onReport(report)
    if (!report.ok) return
  }
}
