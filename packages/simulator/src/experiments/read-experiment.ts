import { firstRejection, OK, type Result, type Verdict } from '@onehop/primitives'
import { HOSTILE_BEHAVIOUR_NAMES } from './behaviours.ts'
import {
  EXPERIMENT_DEFAULTS,
  type Experiment,
  type ExperimentPhase,
  type KelipsExperiment,
  type MemoryExperiment,
} from './experiment.ts'
import {
  checkField,
  type Fields,
  impossible,
  isObject,
  LATENCY_FIELDS,
  MEMORY_FIELDS,
  NETWORK_FIELDS,
} from './experiment-fields.ts'

/** Some of the fields of an experiment, from JSON or from a command line. */
export type ExperimentInput = { readonly [name: string]: unknown }

const MEMORY_DEFAULTS: MemoryExperiment = {
  kind: 'memory',
  question: EXPERIMENT_DEFAULTS.question,
  nodes: 100_000,
  seed: 1,
  files: 10_000_000,
  groups: ['auto'],
}

/**
 * An experiment of what was given and the defaults; or what is wrong with it, in one sentence for people, in the
 * detail of the refusal.
 */
export function readExperiment(input: ExperimentInput): Result<Experiment> {
  const isMemory = input.kind === 'memory'
  const verdict = checkFields(isMemory ? MEMORY_FIELDS : NETWORK_FIELDS, input, '')
  if (!verdict.ok) return verdict
  return isMemory ? readMemory(input) : readNetwork(input)
}

function readMemory(input: ExperimentInput): Result<Experiment> {
  const value = { ...MEMORY_DEFAULTS, ...input } as MemoryExperiment
  if (value.groups.length === 0)
    return impossible('A measurement of tables needs at least one group count, such as "auto".')
  for (const groups of value.groups) {
    const checked = firstRejection(
      () => checkField(NETWORK_FIELDS.groups!, groups),
      () => checkGroups(groups, value.nodes),
    )
    if (!checked.ok) return checked
  }
  return { ok: true, value }
}

function readNetwork(input: ExperimentInput): Result<Experiment> {
  const value = withDefaults(input)
  const verdict = firstRejection(
    () => checkLatency(value.latency),
    () => checkGroups(value.groups, mostNodes(value)),
    () => checkTimes(value),
    () => checkStart(value),
    () => checkConnections(value),
    () => checkWork(value),
    () => checkBehaviours(value.hostile.behaviours),
    () => checkPhases(value),
  )
  return verdict.ok ? { ok: true, value } : verdict
}

function withDefaults(input: ExperimentInput): KelipsExperiment {
  const merged: Record<string, unknown> = { ...EXPERIMENT_DEFAULTS, ...input }
  for (const name of ['warmUp', 'churn', 'hostile', 'observe'] as const)
    merged[name] = { ...EXPERIMENT_DEFAULTS[name], ...(input[name] as object | undefined) }
  merged.zipf = Number(merged.zipf)
  const experiment = merged as unknown as KelipsExperiment
  const { start } = { start: undefined, ...(input.warmUp as object | undefined) }
  if (start !== undefined || checkStart(experiment).ok) return experiment
  return { ...experiment, warmUp: { ...experiment.warmUp, start: 'cold' } }
}

/** Most nodes that live at a time. */
export function mostNodes({ nodes, phases }: KelipsExperiment): number {
  return Math.max(nodes, ...phases.map(phase => ('growTo' in phase ? phase.growTo : 0)))
}

function checkFields(fields: Fields, input: ExperimentInput, path: string): Verdict {
  for (const [name, value] of Object.entries(input)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined)
      return impossible(
        `An experiment has no field "${path}${name}"; there are ${Object.keys(fields).join(', ')}.`,
      )
    const verdict = checkField(field, value)
    if (!verdict.ok) return verdict
    if (field.kind !== 'object' || name === 'latency') continue
    const inner = checkFields(field.fields, value as ExperimentInput, `${path}${name}.`)
    if (!inner.ok) return inner
  }
  return OK
}

/** Whether there is a latency model of that name with these figures. */
export function checkLatency(latency: { readonly model: string }): Verdict {
  const { model, ...rest } = latency
  const fields = Object.hasOwn(LATENCY_FIELDS, model) ? LATENCY_FIELDS[model] : undefined
  if (fields === undefined)
    return impossible(
      `There is no latency model "${model}"; there are ${Object.keys(LATENCY_FIELDS).join(', ')}.`,
    )
  const verdict = checkFields(fields, rest, 'latency.')
  if (!verdict.ok) return verdict
  const missing = Object.keys(fields).find(name => !(name in rest))
  if (missing !== undefined) return impossible(`The latency model ${model} needs ${missing}.`)
  const { leastMs, mostMs } = rest as { leastMs?: number; mostMs?: number }
  return leastMs !== undefined && leastMs > mostMs!
    ? impossible(`The least latency, ${leastMs} ms, must not be more than the greatest, ${mostMs} ms.`)
    : OK
}

function checkGroups(groups: 'auto' | number, nodes: number): Verdict {
  return groups !== 'auto' && groups > nodes
    ? impossible(`There would be more groups (${groups}) than nodes (${nodes}).`)
    : OK
}

function checkTimes(experiment: KelipsExperiment): Verdict {
  const { minutes, checkEverySeconds, pointerLifetimeMinutes, pointerRefreshMinutes } = experiment
  if (checkEverySeconds > minutes * 60)
    return impossible(
      `An interval of ${checkEverySeconds} s is longer than the experiment of ${minutes} minutes.`,
    )
  return pointerRefreshMinutes >= pointerLifetimeMinutes
    ? impossible(
        `Pointers that are refreshed every ${pointerRefreshMinutes} minutes must live longer than ${pointerLifetimeMinutes}.`,
      )
    : OK
}

function checkStart({ warmUp, groups, hostile, observe }: KelipsExperiment): Verdict {
  if (warmUp.start === 'cold') return OK
  if (groups !== 'auto') return impossible('Only a network that chooses its groups can begin settled.')
  if (hostile.share > 0) return impossible('A network with hostile nodes cannot begin settled.')
  return observe.convergence ? impossible('A network that begins settled has nothing to converge.') : OK
}

function checkConnections({ connections, undialable }: KelipsExperiment): Verdict {
  return connections === 'free' && undialable > 0
    ? impossible(
        'Where everybody is connected there is nobody who cannot be dialled: connections must not be free.',
      )
    : OK
}

function checkWork({ lookupsPerNodePerMinute, files, hostile, churn }: KelipsExperiment): Verdict {
  if (lookupsPerNodePerMinute > 0 && files === 0)
    return impossible('Lookups need files: there are none to be looked up.')
  if (hostile.share > 0 && hostile.behaviours.length === 0)
    return impossible(`Hostile nodes need a behaviour: one or more of ${HOSTILE_BEHAVIOUR_NAMES.join(', ')}.`)
  return churn.returning > 0 && churn.goodbyes > 0
    ? impossible('Nodes that return do not say goodbye: either goodbyes or returning must be 0.')
    : OK
}

function checkBehaviours(behaviours: readonly unknown[]): Verdict {
  const unknown = behaviours.find(behaviour => !HOSTILE_BEHAVIOUR_NAMES.some(name => name === behaviour))
  return unknown === undefined
    ? OK
    : impossible(
        `There is no hostile behaviour ${JSON.stringify(unknown)}; there are ${HOSTILE_BEHAVIOUR_NAMES.join(', ')}.`,
      )
}

function checkPhases({ phases, minutes, nodes }: KelipsExperiment): Verdict {
  let population = nodes
  let lastMinutes = 0
  for (const phase of phases as readonly unknown[]) {
    const verdict = checkPhase(phase, minutes)
    if (!verdict.ok) return verdict
    const known = phase as ExperimentPhase
    if (known.atMinutes < lastMinutes)
      return impossible(`Phases must be in order: minute ${known.atMinutes} after ${lastMinutes}.`)
    lastMinutes = known.atMinutes
    if ('kill' in known) population -= Math.floor(population * known.kill)
    if ('growTo' in known && known.growTo <= population)
      return impossible(`Nodes cannot grow to ${known.growTo} where there are ${population} already.`)
    if ('shrinkTo' in known && known.shrinkTo >= population)
      return impossible(`Nodes cannot shrink to ${known.shrinkTo} where there are ${population}.`)
    if ('growTo' in known) population = known.growTo
    if ('shrinkTo' in known) population = known.shrinkTo
    if (population < 2) return impossible('A phase leaves fewer than 2 nodes.')
  }
  return OK
}

const PHASE_FIELDS: Fields = {
  atMinutes: { kind: 'number', label: 'time of a phase in minutes', least: 0, most: Number.MAX_VALUE },
  kill: { kind: 'number', label: 'share of nodes to kill', least: 0, most: 1 },
  growTo: NETWORK_FIELDS.nodes!,
  shrinkTo: NETWORK_FIELDS.nodes!,
  partition: { kind: 'number', label: 'number of parts', least: 2, most: 100, whole: true },
  overMinutes: { kind: 'number', label: 'length of a phase in minutes', least: 0.01, most: 10_000 },
  perMinute: { kind: 'number', label: 'pace of a phase', least: 0.01, most: 10 },
  forMinutes: { kind: 'number', label: 'length of a partition in minutes', least: 0.01, most: 10_000 },
}
const ACTIONS = ['kill', 'growTo', 'shrinkTo', 'partition']

function checkPhase(phase: unknown, minutes: number): Verdict {
  if (!isObject(phase)) return impossible('A phase must be an object, such as {"atMinutes": 5, "kill": 0.5}.')
  const verdict = checkFields(PHASE_FIELDS, phase, 'phases.')
  if (!verdict.ok) return verdict
  if (ACTIONS.filter(action => action in phase).length !== 1)
    return impossible(`A phase must have exactly one of ${ACTIONS.join(', ')}.`)
  if (typeof phase.atMinutes !== 'number') return impossible('A phase needs atMinutes.')
  if (phase.atMinutes > minutes)
    return impossible(
      `A phase at minute ${phase.atMinutes} is after the end of the experiment, minute ${minutes}.`,
    )
  if (('growTo' in phase || 'shrinkTo' in phase) && !('overMinutes' in phase) && !('perMinute' in phase))
    return impossible('Growing and shrinking need overMinutes or perMinute.')
  return 'partition' in phase && !('forMinutes' in phase) ? impossible('A partition needs forMinutes.') : OK
}
