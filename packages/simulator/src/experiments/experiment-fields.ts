import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_FILES, MAX_NODES, MAX_VIRTUAL_MS } from '../limits.ts'

/** What a field of an experiment may hold. */
export type Field =
  | {
      readonly kind: 'number'
      readonly label: string
      readonly least: number
      readonly most: number
      readonly whole?: boolean
    }
  | { readonly kind: 'choice'; readonly label: string; readonly values: readonly string[] }
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'flag'; readonly label: string }
  /** A number of the range, or this word. */
  | {
      readonly kind: 'number or word'
      readonly label: string
      readonly least: number
      readonly most: number
      readonly word: string
    }
  | { readonly kind: 'object'; readonly label: string; readonly fields: Fields }
  | { readonly kind: 'list'; readonly label: string }

/** The fields of an object by name. */
export type Fields = { readonly [name: string]: Field }

const DAY_MINUTES = 1_440
/** A third of what the clock can hold: warm-up and phases need time, too. */
const MAX_MINUTES = Math.floor(MAX_VIRTUAL_MS / 180_000)

function share(label: string, most = 1): Field {
  return { kind: 'number', label, least: 0, most }
}

function seconds(label: string): Field {
  return { kind: 'number', label, least: 0, most: 86_400 }
}

const COMMON: Fields = {
  kind: { kind: 'choice', label: 'kind of experiment', values: ['network', 'memory'] },
  question: { kind: 'text', label: 'question' },
  nodes: { kind: 'number', label: 'number of nodes', least: 2, most: MAX_NODES, whole: true },
  seed: { kind: 'number', label: 'seed', least: 0, most: 0xffff_ffff, whole: true },
  files: { kind: 'number', label: 'number of files', least: 0, most: MAX_FILES, whole: true },
}

/** Of an experiment of kind `memory`. */
export const MEMORY_FIELDS: Fields = { ...COMMON, groups: { kind: 'list', label: 'list of group counts' } }

/** Of an experiment of kind `network`. */
export const NETWORK_FIELDS: Fields = {
  ...COMMON,
  minutes: { kind: 'number', label: 'time in minutes', least: 0.1, most: MAX_MINUTES },
  warmUp: {
    kind: 'object',
    label: 'warm-up',
    fields: {
      start: { kind: 'choice', label: 'start', values: ['cold', 'settled'] },
      joinSeconds: seconds('time to join in seconds'),
      publishSeconds: seconds('time to publish in seconds'),
      settleSeconds: seconds('time to settle in seconds'),
    },
  },
  zipf: { kind: 'choice', label: 'Zipf exponent', values: ['0', '0.5', '1', '1.5', '2'] },
  lookupsPerNodePerMinute: { kind: 'number', label: 'lookups per node and minute', least: 0, most: 600 },
  churn: {
    kind: 'object',
    label: 'churn',
    fields: {
      perHour: { kind: 'number', label: 'churn per hour', least: 0, most: 60 },
      sessions: { kind: 'choice', label: 'kind of sessions', values: ['exponential', 'heavy-tailed'] },
      goodbyes: share('share that says goodbye'),
      returning: share('share that returns'),
      offlineMinutes: {
        kind: 'number',
        label: 'time offline in minutes',
        least: 0,
        most: DAY_MINUTES,
      },
    },
  },
  latency: { kind: 'object', label: 'latency', fields: {} },
  loss: share('loss', 0.9),
  duplication: share('duplication'),
  reordering: share('reordering'),
  undialable: share('share that cannot be dialled', 0.9),
  blocked: share('share of blocked links', 0.9),
  connections: {
    kind: 'number or word',
    label: 'number of connections',
    least: 4,
    most: 100_000,
    word: 'free',
  },
  introducers: { kind: 'number', label: 'number of introducers', least: 1, most: 16, whole: true },
  hostile: {
    kind: 'object',
    label: 'hostile nodes',
    fields: {
      share: share('hostile share', 0.5),
      behaviours: { kind: 'list', label: 'list of hostile behaviours' },
    },
  },
  phases: { kind: 'list', label: 'list of phases' },
  groups: { kind: 'number or word', label: 'number of groups', least: 1, most: 65_536, word: 'auto' },
  contactsPerGroup: { kind: 'number', label: 'contacts per group', least: 2, most: 16, whole: true },
  pointerLifetimeMinutes: { kind: 'number', label: 'lifetime of pointers in minutes', least: 1, most: 2_819 },
  pointerRefreshMinutes: {
    kind: 'number',
    label: 'time between refreshes in minutes',
    least: 0.1,
    most: DAY_MINUTES,
  },
  checkEverySeconds: { kind: 'number', label: 'interval in seconds', least: 1, most: 3_600 },
  observe: {
    kind: 'object',
    label: 'observations',
    fields: {
      convergence: { kind: 'flag', label: 'observation of convergence' },
      dissemination: {
        kind: 'number',
        label: 'number of filetuples to follow',
        least: 0,
        most: 1_000,
        whole: true,
      },
    },
  },
}

const LATENCY_MS = { least: 0, most: 10_000 }

/** Of the latency of each model, besides its name. */
export const LATENCY_FIELDS: { readonly [model: string]: Fields } = {
  constant: { ms: { kind: 'number', label: 'latency in ms', ...LATENCY_MS } },
  uniform: {
    leastMs: { kind: 'number', label: 'least latency in ms', ...LATENCY_MS },
    mostMs: { kind: 'number', label: 'greatest latency in ms', ...LATENCY_MS },
  },
  geographic: {},
  king: {},
}

/** Refuses with one sentence for people. */
export function impossible(sentence: string): Extract<Verdict, { ok: false }> {
  return invalid('experiment', sentence)
}

/** Whether the value is what the field may hold; what is inside of lists is for others to look at. */
export function checkField(field: Field, value: unknown): Verdict {
  const complaint = complaintOf(field, value)
  return complaint === undefined
    ? OK
    : impossible(`The ${field.label} must be ${complaint}, not ${shown(value)}.`)
}

function complaintOf(field: Field, value: unknown): string | undefined {
  switch (field.kind) {
    case 'number':
      return isWithin(value, field) && (!field.whole || Number.isInteger(value)) ? undefined : ranged(field)
    case 'number or word':
      return value === field.word || (isWithin(value, field) && Number.isInteger(value))
        ? undefined
        : `"${field.word}" or ${ranged({ ...field, whole: true })}`
    case 'choice':
      return typeof value !== 'object' && field.values.includes(String(value))
        ? undefined
        : `one of ${field.values.join(', ')}`
    case 'text':
      return typeof value === 'string' ? undefined : 'a text'
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'list':
      return Array.isArray(value) ? undefined : 'a list'
    case 'object':
      return isObject(value) ? undefined : 'an object'
  }
}

function isWithin(value: unknown, { least, most }: { least: number; most: number }): boolean {
  return typeof value === 'number' && value >= least && value <= most
}

function ranged({ least, most, whole }: { least: number; most: number; whole?: boolean }): string {
  return `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value)).slice(0, 60)
}
