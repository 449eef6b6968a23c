import { parentPort } from 'node:worker_threads'
import type { SharedJob } from '../../src/script-checks/check-worker.ts'
import { Claims } from '../../src/script-checks/claims.ts'

/** A worker that dies with a run in its hands. */
parentPort?.on('message', ({ claims: words }: SharedJob) => {
  new Claims(words).claim()
  throw new Error('no more')
})
