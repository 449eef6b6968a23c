import type { Progress } from '../experiments/control.ts'
import { serveThread } from '../interruptible-thread.ts'
import { type ComparedRun, runCompared } from './compared-run.ts'
import type { ComparedSetup } from './comparison.ts'

serveThread<ComparedSetup, Progress, ComparedRun>(runCompared)
