import type { ExperimentControl } from '../experiments/run-several.ts'
import { atLeast, atMost, told } from '../fidelity/fidelity-row.ts'
import type { SwarmExperiment, SwarmSize, SwarmStep } from './swarm-experiment.ts'
import { HOME_RATES, SEED_RATES, type SwarmParameters } from './swarm-parameters.ts'
import { runSwarm, type SwarmRun } from './swarm-run.ts'

const MIB = 1024 * 1024

/** How many copies the seed sends before it goes. */
const COPIES = [0.95, 1.25, 1.5, 2] as const

/** Swarms of each kind, with seeds one after the other. */
const SWARMS = { full: 4, quick: 1 } as const

/**
 * The seed goes after so many copies. Less than one cannot be enough. With the rarest first it is asked for what nobody
 * else has, so that two are; in order, all ask for the same, and the end is lost.
 */
export const DEPARTING_SEED: SwarmExperiment = {
  name: 'departing-seed',
  question:
    'After how many copies may the only seed go without a piece being lost, with the rarest first and in order?',
  source:
    'Cohen 2003, §2.4.2 (rarest first); Legout, Urvoy-Keller, Michiardi, Rarest first and choke algorithms are enough, IMC 2006',
  parametersOf: (size, seed) => swarmOf(size, seed, 2, false),
  run,
}

function swarmOf(size: SwarmSize, seed: number, copies: number, inOrder: boolean): SwarmParameters {
  return {
    ...{ seed, leechers: 20, others: {}, seedLeavesAfterCopies: copies, inOrder },
    contentBytes: (size === 'full' ? 32 : 16) * MIB,
    pieceBytes: 64 * 1024,
    ...{ rates: HOME_RATES, seedRates: SEED_RATES },
  }
}

function* run(size: SwarmSize, seed: number, control: ExperimentControl): Iterable<SwarmStep> {
  const kinds = [false, true].flatMap(inOrder => COPIES.map(copies => ({ inOrder, copies })))
  for (const [i, { inOrder, copies }] of kinds.entries()) {
    const runs: SwarmRun[] = []
    for (let one = 0; one < SWARMS[size] && !control.isInterrupted(); one++) {
      const part: ExperimentControl = {
        isInterrupted: () => control.isInterrupted(),
        progress: share =>
          control.progress((i + (one + share) / SWARMS[size]) / kinds.length, `${copies} copies`),
      }
      runs.push(runSwarm(swarmOf(size, seed + one, copies, inOrder), 'tit-for-tat', part))
    }
    if (control.isInterrupted()) return
    for (const row of judge(runs, copies, inOrder)) yield { row }
  }
}

function* judge(runs: readonly SwarmRun[], copies: number, inOrder: boolean) {
  const what = `${inOrder ? 'in order' : 'rarest first'}, ${copies} copies`
  const survived = runs.filter(({ copiesLeft }) => copiesLeft?.lost === 0).length / runs.length
  const mean = (of: (run: SwarmRun) => number) => runs.reduce((sum, one) => sum + of(one), 0) / runs.length
  const isEnough = !inOrder && copies >= 2
  const isTooLittle = copies < 1 || inOrder
  const label = `${what}: swarms in which no piece was lost`
  if (isEnough) yield atLeast(label, survived, 1)
  else if (isTooLittle) yield atMost(label, survived, 0)
  else yield told(label, survived)
  yield told(
    `${what}: pieces lost with it, mean`,
    mean(run => run.copiesLeft?.lost ?? 0),
  )
  if (isEnough)
    yield told(
      `${what}: copies of the rarest piece, mean`,
      mean(run => run.copiesLeft?.fewest ?? 0),
    )
}
