import { kelips } from '@onehop/kelips'
import { type BehaviourName, hostile } from '../adversaries/hostile.ts'
import {
  constantLatency,
  distributedLatency,
  geographicLatency,
  KING_LIKE_ROUND_TRIP_MS,
  type LatencyModel,
  uniformLatency,
} from '../latency.ts'
import { LIVE_CONNECTIONS } from '../network-model.ts'
import { createSimulation, type Simulation } from '../simulation.ts'
import type { Factories } from './crowd.ts'
import type { KelipsExperiment, LatencyChoice } from './experiment.ts'
import { kelipsOptionsOf } from './kelips-options.ts'

/** The machines of an experiment. */
export function factoriesOf(experiment: KelipsExperiment): Factories {
  const honest = kelips(kelipsOptionsOf(experiment), { tables: 'shared' })
  const behaviours = experiment.hostile.behaviours as readonly BehaviourName[]
  return { honest, hostile: hostile(honest, behaviours, { isHostile: () => true }) }
}

/** An experiment's network, without any nodes. */
export function simulationOf(experiment: KelipsExperiment, { honest }: Factories): Simulation<unknown> {
  const { seed, connections } = experiment
  return createSimulation(honest, {
    nodes: 0,
    seed,
    handles: 'shared',
    latency: latencyOf(experiment.latency, seed),
    lossFraction: experiment.loss,
    duplicateFraction: experiment.duplication,
    reorderFraction: experiment.reordering,
    undialableFraction: experiment.undialable,
    blockedFraction: experiment.blocked,
    connections: connections === 'free' ? 'free' : { ...LIVE_CONNECTIONS, cap: connections },
  })
}

/** The model that was chosen. */
export function latencyOf(choice: LatencyChoice, seed: number): LatencyModel {
  switch (choice.model) {
    case 'constant':
      return constantLatency(choice.ms)
    case 'uniform':
      return uniformLatency(choice.leastMs, choice.mostMs)
    case 'geographic':
      return geographicLatency({ seed })
    case 'king':
      return distributedLatency(KING_LIKE_ROUND_TRIP_MS, seed)
  }
}
