import type { ExperimentControl } from '../experiments/run-several.ts'
import { atLeast, atMost, type FidelityRow, near, told } from '../fidelity/fidelity-row.ts'
import type { SwarmExperiment, SwarmSize, SwarmStep } from './swarm-experiment.ts'
import {
  HOME_RATES,
  SEED_RATES,
  SWARM_STRATEGIES,
  type SwarmParameters,
  type SwarmRole,
} from './swarm-parameters.ts'
import type { GroupReport } from './swarm-report.ts'
import { runSwarm, type SwarmRun } from './swarm-run.ts'

const MIB = 1024 * 1024
const COHEN = 'Cohen, Incentives Build Robustness in BitTorrent, 2003; BEP 3'
const LEVIN = 'Levin, LaCurts, Spring, Bhattacharjee, BitTorrent is an Auction, SIGCOMM 2008'
const PIATEK =
  'Piatek, Isdal, Anderson, Krishnamurthy, Venkataramani, Do incentives build robustness in BitTorrent?, NSDI 2007'
const SIRIVIANOS =
  'Sirivianos, Park, Chen, Yang, Free-riding in BitTorrent networks with the large view exploit, IPTPS 2007'

/** Parts of the leechers that are not compliant. */
type Mixture = Readonly<Partial<Record<'free-rider' | 'tyrant' | 'large-view', number>>>

interface Definition {
  readonly name: string
  readonly question: string
  readonly source: string
  readonly mixture: Mixture
  /** Figures of one run. */
  judge(run: SwarmRun): Iterable<FidelityRow>
}

function tradingExperiment({ name, question, source, mixture, judge }: Definition): SwarmExperiment {
  const parametersOf = (size: SwarmSize, seed: number) => tradingSwarm(size, seed, mixture)
  function* run(size: SwarmSize, seed: number, control: ExperimentControl): Iterable<SwarmStep> {
    for (const [i, strategy] of SWARM_STRATEGIES.entries()) {
      const part: ExperimentControl = {
        isInterrupted: () => control.isInterrupted(),
        progress: share => control.progress((i + share) / SWARM_STRATEGIES.length, strategy),
      }
      const swarm = runSwarm(parametersOf(size, seed), strategy, part)
      yield { run: swarm }
      if (control.isInterrupted()) return
      for (const row of judge(swarm)) yield { row: { ...row, what: `${strategy}: ${row.what}` } }
    }
  }
  return { name, question, source, parametersOf, run }
}

function tradingSwarm(size: SwarmSize, seed: number, mixture: Mixture): SwarmParameters {
  const isFull = size === 'full'
  const leechers = isFull ? 100 : 30
  const others = Object.entries(mixture).map(([role, part]) => [role, Math.round(part * leechers)])
  return {
    ...{ seed, leechers, others: Object.fromEntries(others) as SwarmParameters['others'] },
    contentBytes: (isFull ? 32 : 16) * MIB,
    pieceBytes: 128 * 1024,
    ...{ rates: HOME_RATES, seedRates: SEED_RATES },
  }
}

function groupOf(run: SwarmRun, role: SwarmRole): GroupReport {
  return run.groups.find(group => group.role === role)!
}

/** Nobody starves: all who came have everything in the end, whatever they are. */
function allFinish(run: SwarmRun): FidelityRow {
  const nodes = run.groups.reduce((sum, { role, nodes }) => sum + (role === 'seed' ? 0 : nodes), 0)
  return near('nodes that finished', run.finished, nodes, 0)
}

/** How many times as long as compliant nodes those of a role take, on average. */
function slowness(run: SwarmRun, role: SwarmRole): number {
  return (groupOf(run, role).meanSeconds ?? Number.POSITIVE_INFINITY) / groupOf(run, 'compliant').meanSeconds!
}

/**
 * Never to upload does not pay. Both strategies leave those who do the optimistic turns, and the slots that nobody earns:
 * that has to be clearly less than an even share, and to take them clearly longer.
 */
function* doesNotPay(run: SwarmRun, role: SwarmRole, mostShare: number): Iterable<FidelityRow> {
  yield allFinish(run)
  yield atLeast(`${role}: mean time by that of compliant nodes`, slowness(run, role), 1.25)
  yield atMost(
    `${role}: what compliant leechers gave it, by an even share`,
    groupOf(run, role).evenShareOfCompliant,
    mostShare,
  )
}

/** Swarms of compliant nodes and others, each under both strategies. */
export const TRADING_EXPERIMENTS: readonly SwarmExperiment[] = [
  tradingExperiment({
    name: 'compliant',
    question: 'How long do downloads take when everybody is as our nodes are, and is all upload used?',
    source: COHEN,
    mixture: {},
    *judge(run) {
      yield allFinish(run)
      yield atLeast('part of the upload that is used', groupOf(run, 'compliant').uploadUsed, 0.8)
    },
  }),
  tradingExperiment({
    name: 'free-riders',
    question: 'What do those get who never upload, a fifth of all?',
    source: COHEN,
    mixture: { 'free-rider': 0.2 },
    judge: run => doesNotPay(run, 'free-rider', 0.6),
  }),
  tradingExperiment({
    name: 'large-view',
    question: 'Does it help those who never upload, a tenth of all, to connect to everybody?',
    source: SIRIVIANOS,
    mixture: { 'large-view': 0.1 },
    judge: run => doesNotPay(run, 'large-view', 0.75),
  }),
  tradingExperiment({
    name: 'tyrants',
    question: 'What does a tenth win that gives each peer as little as it takes, and do others starve?',
    source: `${PIATEK}; ${LEVIN}`,
    mixture: { tyrant: 0.1 },
    *judge(run) {
      yield allFinish(run)
      yield told('tyrant: mean time by that of compliant nodes', slowness(run, 'tyrant'))
    },
  }),
  tradingExperiment({
    name: 'mixed',
    question: 'What becomes of compliant nodes among a tenth each of free riders, tyrants and large views?',
    source: `${COHEN}; ${LEVIN}; ${PIATEK}; ${SIRIVIANOS}`,
    mixture: { 'free-rider': 0.1, tyrant: 0.1, 'large-view': 0.1 },
    *judge(run) {
      yield allFinish(run)
      for (const role of ['free-rider', 'large-view'] as const) {
        yield atLeast(`${role}: mean time by that of compliant nodes`, slowness(run, role), 1.1)
      }
      yield told('tyrant: mean time by that of compliant nodes', slowness(run, 'tyrant'))
    },
  }),
]
