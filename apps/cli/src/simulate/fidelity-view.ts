import type { FidelityOutcome, FidelityResult, FidelityRow } from '@onehop/simulator'
import { count, duration, fields, indented, style, table } from '../format.ts'

/** What the standing of a published value means to people. */
const STANDINGS = {
  published: 'published',
  recalled: 'recalled from the paper, not checked against its text',
  arithmetic: 'arithmetic',
} as const

/** All outcomes for people, with a sentence at the end. */
export function describeFidelity(result: FidelityResult): string {
  return [...result.experiments.map(describeOutcome), summaryOf(result)].join('\n\n')
}

/** One sentence that says how many figures are as published, and which experiments have others. */
export function summaryOf({ experiments, interrupted }: FidelityResult): string {
  const judged = experiments.flatMap(({ rows }) => rows).filter(({ within }) => within !== undefined)
  const good = judged.filter(({ within }) => within).length
  const different = differing(experiments)
  const where = different.length === 0 ? '' : `; not those of ${different.join(', ')}`
  const ending = interrupted ? ' Interrupted: these are the figures so far.' : ''
  return `${good} of ${count(judged.length, 'figure')} as published${where}.${ending}`
}

function differing(experiments: readonly FidelityOutcome[]): string[] {
  return experiments.filter(({ verdict }) => verdict === 'not as published').map(({ name }) => name)
}

function describeOutcome(outcome: FidelityOutcome): string {
  const { name, question, source, published, standing, parameters, rows, wallSeconds, verdict } = outcome
  const head = fields({
    published,
    source: `${source} (${STANDINGS[standing]})`,
    parameters: Object.entries(parameters).map(parameterText).join(', '),
    verdict: `${verdict}, after ${duration(wallSeconds * 1000)}`,
  })
  const body = table(['what', 'measured', 'published', ''], rows.map(cellsOf))
  return `${style('bold', name)}\n${indented(question, 2)}\n${head}\n\n${body}`
}

function parameterText([name, value]: [string, unknown]): string {
  return `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`
}

function cellsOf({ what, measured, published, within }: FidelityRow): string[] {
  const verdict =
    within === undefined ? '' : within ? style('green', 'as published') : style('red', 'differs')
  return [what, String(measured), published, verdict]
}
