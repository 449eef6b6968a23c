import { parentPort } from 'node:worker_threads'
import { accelerate } from '@onehop/accelerators'
import { assertDefined } from '@onehop/primitives'
import { Claims } from './claims.ts'
import { InputRunner } from './input-runs.ts'
import { type SharedChecks, sharedScripts } from './shared-checks.ts'

/** What a worker is told to help with. */
export interface SharedJob {
  readonly number: number
  readonly checks: SharedChecks
  /** The words of {@link Claims}. */
  readonly claims: Int32Array
}

/** The entry of a worker thread: helps with every job that it is told of, and answers with the job's number. */
const port = assertDefined(parentPort ?? undefined, 'this file is the entry of a worker thread')
const { verifier } = accelerate()

port.on('message', ({ number, checks, claims: words }: SharedJob) => {
  const claims = new Claims(words)
  const runner = new InputRunner(checks.firstInputs, check => sharedScripts(checks, check, verifier))
  for (let run = claims.claim(); run !== undefined; run = claims.claim()) {
    claims.finish(run, runner.verify(run))
  }
  port.postMessage(number)
})
