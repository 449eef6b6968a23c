import { KELIPS_DEFAULT } from '@onehop/kelips'
import type { RunControl } from './control.ts'
import type { MemoryExperiment } from './experiment.ts'
import { bestFixedK } from './interval.ts'
import type { MemoryResult } from './result.ts'

/** Builds one node's full tables at each k that is asked for, and measures them. */
export function runMemoryExperiment(_experiment: MemoryExperiment, _control: RunControl): MemoryResult {
  throw new Error(`not built yet ${KELIPS_DEFAULT.groups} ${bestFixedK.name}`)
}
