import { parentPort } from 'node:worker_threads'
import type { SharedJob } from '../../src/script-checks/check-worker.ts'
import { Claims } from '../../src/script-checks/claims.ts'

/** A worker that refuses whatever it gets. */
parentPort?.on('message', ({ number, claims: words }: SharedJob) => {
  const claims = new Claims(words)
  for (let run = claims.claim(); run !== undefined; run = claims.claim()) claims.finish(run, 32 * run)
  parentPort?.postMessage(number)
})
