/** Numbers that one task measured in one child process, by name; the unit is last in each name. */
export type Metrics = Readonly<Record<string, number>>

/** Something to measure: a module whose default export is a {@link TaskRun}, and what that is called with. */
export interface Task {
  readonly name: string
  /** URL of the module. */
  readonly module: string
  /** Survives JSON. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Options of Node.js that it runs with. */
  readonly nodeArguments: readonly string[]
  /** A task that takes longer is stopped. Default: `LIMIT_MS` of run-task.ts. */
  readonly limitMs?: number
}

/** What a task's module exports. It runs in a fresh process, and measures itself. */
export type TaskRun = (parameters: Readonly<Record<string, unknown>>) => Promise<Metrics>

/** All tasks' metrics of one round, by task. */
export type Round = Readonly<Record<string, Metrics | undefined>>

/** One line of the table: a ratio of two metrics, and what it should be. */
export interface Line {
  readonly name: string
  /** For people. */
  readonly what: string
  /** Names of the tasks that it needs. */
  readonly tasks: readonly string[]
  /** Of the measured value, e.g. `tx/cpu s`. */
  readonly unit: string
  readonly measured: (round: Round) => number
  /** What the measured value is divided by. @default 1 */
  readonly reference?: (round: Round) => number
  readonly referenceName?: string
  /** Bound of the ratio (of the value where there is no reference); without it, the line is for information. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
}

/** A set of lines that is measured in one run. */
export interface Suite {
  readonly name: string
  /** Where one round takes long and has enough samples of its own. Default: `DEFAULT_ROUNDS` of main.ts. */
  readonly rounds?: number
  /** Makes what the tasks need, and says which there are. */
  prepare(
    options: SuiteOptions,
  ): Promise<{ readonly tasks: readonly Task[]; readonly lines: readonly Line[] }>
}

export interface SuiteOptions {
  /** Less data and one round: to see that it runs. */
  readonly quick: boolean
  /** What takes an hour, too. */
  readonly large: boolean
  /** Of each network, where a suite simulates networks. */
  readonly nodes?: number | undefined
  /** Virtual, that are measured, where a suite lets virtual time pass. */
  readonly minutes?: number | undefined
  /** Tells what takes long. */
  readonly progress: (text: string) => void
}

/** A metric of a round. @throws when the task did not measure it. */
export function metric(round: Round, task: string, name: string): number {
  const value = round[task]?.[name]
  if (value === undefined) throw new Error(`${task} did not measure ${name}`)
  return value
}
