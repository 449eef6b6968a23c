import { KelipsMachine } from '@onehop/kelips'
import type { Crowd } from './crowd.ts'
import type { KelipsExperiment } from './experiment.ts'
import { MEASURED_NODES } from './experiment-limits.ts'
import { kelipsOptionsOf } from './kelips-options.ts'
import { KelipsProbe } from './kelips-probe.ts'
import { OfflineEnvironment } from './offline-environment.ts'
import { Samples } from './samples.ts'

/** Bytes of a live node's tables, the mean of some. */
export function liveMemoryBytes(crowd: Crowd<KelipsProbe>, experiment: KelipsExperiment): number {
  return Math.round(liveMemory(crowd, experiment, MEASURED_NODES).mean() ?? 0)
}

/**
 * Bytes of the tables of about so many live nodes: what simulated nodes share is packed for a machine of its own, as a
 * node of one process keeps it.
 */
export function liveMemory(
  crowd: Crowd<KelipsProbe>,
  experiment: KelipsExperiment,
  measuredNodes: number,
): Samples {
  const samples = new Samples()
  const { numbers } = crowd.honest
  const step = Math.max(1, Math.floor(numbers.length / measuredNodes))
  for (let i = 0; i < numbers.length; i += step) {
    const node = numbers[i]!
    samples.add(packedBytes(crowd.probe(node)!, crowd.simulation.node(node).id, experiment))
  }
  return samples
}

function packedBytes(original: KelipsProbe, id: Uint8Array, experiment: KelipsExperiment): number {
  const records = original.records()
  const environment = new OfflineEnvironment(id, records.length, experiment.seed)
  const machine = new KelipsMachine(environment, kelipsOptionsOf(experiment), 'packed')
  const copy = new KelipsProbe(machine)
  copy.takeDepthOf(original)
  for (const record of records) copy.meet(environment.intern(record.id), { record, ageMs: 0 })
  for (const pointer of original.pointers()) copy.place(pointer)
  return copy.memoryBytes
}
