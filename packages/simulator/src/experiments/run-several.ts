/** How far a run of several experiments is. */
export interface SeveralProgress {
  readonly experiment: string
  /** Of all experiments together, each counted alike; 0 to 1. */
  readonly share: number
  readonly doing: string
}

/** What a run of several is told from outside, and tells. */
export interface SeveralControl {
  readonly onProgress?: (progress: SeveralProgress) => void
  readonly isInterrupted?: () => boolean
}

/** What one of several is told, and tells. */
export interface ExperimentControl {
  /** Ask it every little while: true ends the experiment with the figures that there are. */
  isInterrupted(): boolean
  /** @param share of the experiment that is done, 0 to 1. @param doing a few words, such as `N = 1024`. */
  progress(share: number, doing?: string): void
}

/** Runs the experiments, one after the other, here and now, until it is interrupted. */
export function runSeveral<Experiment extends { readonly name: string }, Outcome extends { verdict: string }>(
  experiments: readonly Experiment[],
  runOne: (experiment: Experiment, control: ExperimentControl) => Outcome,
  { onProgress = () => {}, isInterrupted = () => false }: SeveralControl,
): { readonly experiments: readonly Outcome[]; readonly interrupted: boolean } {
  const outcomes: Outcome[] = []
  for (const experiment of experiments) {
    if (isInterrupted()) break
    const before = outcomes.length
    const progress = (share: number, doing = '') =>
      onProgress({ experiment: experiment.name, share: (before + share) / experiments.length, doing })
    outcomes.push(runOne(experiment, { isInterrupted, progress }))
  }
  const interrupted =
    outcomes.length < experiments.length || outcomes.some(({ verdict }) => verdict === 'interrupted')
  return { experiments: outcomes, interrupted }
}
