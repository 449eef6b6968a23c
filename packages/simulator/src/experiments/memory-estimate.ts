import { OK, type Verdict } from '@onehop/primitives'
import type { Experiment } from './experiment.ts'
import { impossible } from './experiment-fields.ts'
import { bestFixedK } from './interval.ts'
import { mostNodes } from './read-experiment.ts'

/** The program, and messages under way until they are collected as garbage. */
const BASE_BYTES = 250_000_000
/**
 * A node without entries: its machine, its record, its connections, its share of events, of messages under way and of
 * garbage not yet collected (at their most 1.15 GB were seen with 10,000 nodes, 10.2 GB with 100,000).
 */
const NODE_BYTES = 50_000
/** An entry of a table. */
const ENTRY_BYTES = 24
/** Nodes are not alike, and tables grow before they are full. */
const SPREAD = 1.25
/** A file: its pointer, which all tables share, and its provider's publication. */
const FILE_BYTES = 1_200
/** A packed entry of a live node's tables, twice: they grow by doubling. */
const LIVE_ENTRY_BYTES = 400

/** What an experiment will need at its most, in bytes; from sizes measured. */
export function estimateMemoryBytes(experiment: Experiment): number {
  if (experiment.kind === 'memory') {
    const fewest = Math.min(...experiment.groups.map(groups => (groups === 'auto' ? 1_024 : groups)))
    return (
      BASE_BYTES + (experiment.files / fewest + experiment.nodes / fewest + 2 * fewest) * LIVE_ENTRY_BYTES
    )
  }
  const nodes = mostNodes(experiment)
  const files = Math.round((experiment.files * nodes) / experiment.nodes)
  const { groups, contactsPerGroup } = experiment
  const entries =
    groups === 'auto'
      ? bestFixedK(nodes, files, contactsPerGroup).entries
      : (nodes + files) / groups + contactsPerGroup * groups
  return Math.round(BASE_BYTES + nodes * (NODE_BYTES + entries * ENTRY_BYTES * SPREAD) + files * FILE_BYTES)
}

/** Whether so much memory is there. */
export function checkMemory(experiment: Experiment, availableBytes: number): Verdict {
  const neededBytes = estimateMemoryBytes(experiment)
  if (neededBytes <= availableBytes) return OK
  return impossible(
    `The experiment needs about ${inGigabytes(neededBytes)} of memory, and ${inGigabytes(availableBytes)} are free: try fewer nodes or files.`,
  )
}

/** `1.2 GB` */
export function inGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
