import { classicOverlay, type OverlayName } from '@onehop/classic-overlays'
import type { OverlayFactory, OverlayMachine } from '@onehop/overlay'
import type { SeededRandom } from '@onehop/primitives'
import { factoriesOf } from '../experiments/build.ts'
import type { Crowd } from '../experiments/crowd.ts'
import { EXPERIMENT_DEFAULTS, type KelipsExperiment } from '../experiments/experiment.ts'
import type { Files } from '../experiments/files.ts'
import { KelipsProbe } from '../experiments/kelips-probe.ts'
import { liveMemory } from '../experiments/live-memory.ts'
import { Samples } from '../experiments/samples.ts'
import { SettledStart } from '../experiments/settled-start.ts'
import { PACKED_NODES } from './compare-limits.ts'
import type { ComparedSetup } from './comparison.ts'

/** What a comparison must know of an overlay. */
export interface Contestant<Probe> {
  readonly factory: OverlayFactory<unknown>
  probeOf(machine: OverlayMachine<unknown>): Probe | undefined
  /**
   * Fills the tables of a crowd of nodes that have joined nobody, as if they had been a network for long, and places
   * the files; absent: nodes join and publish through the protocol.
   * @returns whether it went on to the end.
   */
  settle?(
    crowd: Crowd<Probe>,
    files: Files,
    random: SeededRandom,
    goesOn: (share: number) => boolean,
  ): boolean
  /** Bytes of living nodes' tables. */
  memory(crowd: Crowd<Probe>): Samples
}

/** Kelips with its defaults: begins settled, as its experiments do, and its tables are packed to be measured. */
export function kelipsContestant(setup: ComparedSetup): Contestant<KelipsProbe> {
  const experiment = experimentOf(setup)
  return {
    factory: factoriesOf(experiment).honest,
    probeOf: KelipsProbe.of,
    settle: (crowd, files, random, goesOn) =>
      new SettledStart(crowd, experiment, random).fillAll(files, goesOn),
    memory: crowd => liveMemory(crowd, experiment, PACKED_NODES),
  }
}

/** Any of the classic overlays, with the values that were published. */
export function classicContestant(name: OverlayName): Contestant<OverlayMachine<unknown>> {
  return { factory: classicOverlay(name, 'default'), probeOf: machine => machine, memory: inspectedMemory }
}

function inspectedMemory({ simulation, joined }: Crowd): Samples {
  const samples = new Samples()
  for (const node of joined.numbers) {
    const bytes = simulation.memoryOf(node)
    if (bytes !== undefined) samples.add(bytes)
  }
  return samples
}

function experimentOf({ nodes, filesPerNode, seed }: ComparedSetup): KelipsExperiment {
  return { ...EXPERIMENT_DEFAULTS, nodes, files: nodes * filesPerNode, seed }
}
