import { OK, type Verdict } from '@onehop/primitives'
import { EXPERIMENT_DEFAULTS } from '../experiments/experiment.ts'
import { impossible } from '../experiments/experiment-fields.ts'
import { estimateMemoryBytes, inGigabytes } from '../experiments/memory-estimate.ts'
import { type ComparedSetup, type Comparison, setupsOf } from './comparison.ts'

/** The program, and messages under way until they are collected as garbage. */
const BASE_BYTES = 250_000_000
/** A node of a classic overlay: its machine, its tables, its connections, its share of events and of garbage. */
const NODE_BYTES = 60_000
/** A file: its pointer, and its places in the tables of those who hold it. */
const FILE_BYTES = 4_000
/** Of what an experiment of this size is said to need: 1.9 GB were seen where that was 1.2, for garbage waits longer here. */
const KELIPS_MARGIN = 1.7

/** What one run will need at its most, in bytes; from sizes measured. */
export function estimateRunBytes({ overlay, nodes, filesPerNode }: ComparedSetup): number {
  const files = nodes * filesPerNode
  return overlay === 'kelips'
    ? Math.round(KELIPS_MARGIN * estimateMemoryBytes({ ...EXPERIMENT_DEFAULTS, nodes, files }))
    : BASE_BYTES + nodes * NODE_BYTES + files * FILE_BYTES
}

/** What a comparison will need at its most, where so many runs go on at a time: its largest ones at once. */
export function estimateComparisonBytes(comparison: Comparison, threads: number): number {
  const sizes = setupsOf(comparison).map(estimateRunBytes)
  sizes.sort((a, b) => b - a)
  return sizes.slice(0, threads).reduce((sum, bytes) => sum + bytes, 0)
}

/** Whether so much memory is there. */
export function checkComparisonMemory(
  comparison: Comparison,
  threads: number,
  availableBytes: number,
): Verdict {
  const neededBytes = estimateComparisonBytes(comparison, threads)
  if (neededBytes <= availableBytes) return OK
  return impossible(
    `The comparison needs about ${inGigabytes(neededBytes)} of memory, and ${inGigabytes(availableBytes)} are free: try fewer nodes, files or threads.`,
  )
}
