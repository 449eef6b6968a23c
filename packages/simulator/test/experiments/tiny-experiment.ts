import { type ExperimentInput, type KelipsExperiment, readExperiment } from '@onehop/simulator'

/** An experiment that takes a second, with the changes that a test needs. */
export function tinyExperiment(changes: ExperimentInput = {}): KelipsExperiment {
  const read = readExperiment({
    nodes: 24,
    files: 24,
    minutes: 0.5,
    lookupsPerNodePerMinute: 10,
    groups: 4,
    latency: { model: 'constant', ms: 20 },
    warmUp: { joinSeconds: 5, publishSeconds: 5, settleSeconds: 90 },
    checkEverySeconds: 15,
    ...changes,
  })
  if (!read.ok || read.value.kind !== 'network') throw new Error('the tiny experiment is impossible')
  return read.value
}
