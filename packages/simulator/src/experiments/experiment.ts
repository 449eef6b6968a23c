/** How messages' one-way times are drawn. */
export type LatencyChoice =
  | { readonly model: 'constant'; readonly ms: number }
  | { readonly model: 'uniform'; readonly leastMs: number; readonly mostMs: number }
  /** Nodes on a sphere. */
  | { readonly model: 'geographic' }
  /** A published distribution of round-trip times between hosts of the Internet. */
  | { readonly model: 'king' }

/** How long nodes stay. */
export interface Churn {
  /** Share of the nodes that leaves in an hour; others come, so that their number stays. 1: sessions of one hour. */
  readonly perHour: number
  /** `exponential`: without memory. `heavy-tailed`: many short ones and a few long ones. */
  readonly sessions: 'exponential' | 'heavy-tailed'
  /** Share of the leavers that says goodbye; the others' power goes off. */
  readonly goodbyes: number
  /** Share of the places taken by the node that left, with its identity and its files, `offlineMinutes` later. */
  readonly returning: number
  readonly offlineMinutes: number
}

/** Something that happens to the whole network, `atMinutes` after the warm-up. */
export type ExperimentPhase = { readonly atMinutes: number } & (
  | /** This share of the living nodes loses power at once. */ { readonly kill: number }
  | /** Nodes join until there are so many. */ ({ readonly growTo: number } & Pace)
  | /** Nodes lose power until so few are left. */ ({ readonly shrinkTo: number } & Pace)
  | /** The network falls into so many parts, for a while. */ {
      readonly partition: number
      readonly forMinutes: number
    }
)

/** How fast nodes come or go: evenly, or so many for each that is there. */
type Pace = { readonly overMinutes: number } | { readonly perMinute: number }

/** What is measured besides the workload. */
export interface Observations {
  /** From the first join on: rounds until the views are complete. */
  readonly convergence: boolean
  /** So many filetuples are published after the warm-up and followed until their groups know them. */
  readonly dissemination: number
}

/** An experiment with Kelips nodes, as data. {@link readExperiment} makes one of JSON and {@link EXPERIMENT_DEFAULTS}. */
export interface KelipsExperiment {
  readonly kind: 'network'
  /** What it is to answer, in one sentence. */
  readonly question: string
  readonly nodes: number
  /** One seed, one run. */
  readonly seed: number
  /** Virtual minutes that are measured, after the warm-up. */
  readonly minutes: number
  /** Virtual seconds before: nodes join, publish, and have time to tell each other. */
  readonly warmUp: {
    /**
     * `cold`: nodes join and publish through the protocol. `settled`: they begin with full tables and placed pointers,
     * and joining and publishing take no time; what comes later goes through the protocol. The default is `settled`
     * where that is possible.
     */
    readonly start: 'cold' | 'settled'
    readonly joinSeconds: number
    readonly publishSeconds: number
    readonly settleSeconds: number
  }
  /** Files of all nodes together; each node that comes brings as many as the others have. */
  readonly files: number
  /** Popularity of the file of rank r is r^-zipf; 0: all alike. */
  readonly zipf: number
  readonly lookupsPerNodePerMinute: number
  readonly churn: Churn
  readonly latency: LatencyChoice
  /** Shares of the messages, 0 to 1. */
  readonly loss: number
  readonly duplication: number
  readonly reordering: number
  /** Share of the nodes that nobody can dial. */
  readonly undialable: number
  /** Share of the links, one way each, over which nobody can be dialled. */
  readonly blocked: number
  /** Open connections of a node at most; `free`: everybody is connected to everybody, and nothing is dialled. */
  readonly connections: number | 'free'
  /**
   * Members that whoever enters knows, drawn at random, the hostile ones too: who knows none but colluders stays with
   * them.
   */
  readonly introducers: number
  /** Nodes that work against the others, and how. */
  readonly hostile: { readonly share: number; readonly behaviours: readonly string[] }
  readonly phases: readonly ExperimentPhase[]
  /** k: found by the nodes, or the same for all. */
  readonly groups: 'auto' | number
  /** c. */
  readonly contactsPerGroup: number
  readonly pointerLifetimeMinutes: number
  readonly pointerRefreshMinutes: number
  /** Length of an interval of the time series, after which global truth is looked at. */
  readonly checkEverySeconds: number
  readonly observe: Observations
}

/** One node's full tables, built and measured, without a network. */
export interface MemoryExperiment {
  readonly kind: 'memory'
  readonly question: string
  /** Of the network that the node would live in. */
  readonly nodes: number
  readonly seed: number
  readonly files: number
  /** Numbers of groups to measure; `auto`: the number that nodes would choose. */
  readonly groups: readonly ('auto' | number)[]
}

export type Experiment = KelipsExperiment | MemoryExperiment

/** What an experiment has unless it says otherwise. */
export const EXPERIMENT_DEFAULTS: KelipsExperiment = Object.freeze<KelipsExperiment>({
  kind: 'network',
  question: 'What do these parameters give?',
  nodes: 1_000,
  seed: 1,
  minutes: 10,
  warmUp: { start: 'settled', joinSeconds: 60, publishSeconds: 60, settleSeconds: 120 },
  files: 1_000,
  zipf: 0,
  lookupsPerNodePerMinute: 1,
  churn: { perHour: 0, sessions: 'exponential', goodbyes: 0, returning: 0, offlineMinutes: 10 },
  latency: { model: 'geographic' },
  loss: 0,
  duplication: 0,
  reordering: 0,
  undialable: 0,
  blocked: 0,
  connections: 64,
  introducers: 3,
  hostile: { share: 0, behaviours: [] },
  phases: [],
  groups: 'auto',
  contactsPerGroup: 2,
  pointerLifetimeMinutes: 720,
  pointerRefreshMinutes: 240,
  checkEverySeconds: 30,
  observe: { convergence: false, dissemination: 0 },
})
