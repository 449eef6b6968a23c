import { serveThread } from '../interruptible-thread.ts'
import type { Progress } from './control.ts'
import type { Experiment } from './experiment.ts'
import type { ExperimentResult } from './result.ts'
import { runExperiment } from './run-experiment.ts'

serveThread<Experiment, Progress, ExperimentResult>(runExperiment)
