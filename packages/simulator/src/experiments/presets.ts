import { readdirSync, readFileSync } from 'node:fs'
import { EXPERIMENT_DEFAULTS } from './experiment.ts'
import type { ExperimentInput } from './read-experiment.ts'

/** Beside the sources, and beside what was compiled. */
const FOLDER = new URL('../../experiments/', import.meta.url)
const ENDING = '.json'

/** An experiment that is kept under a name. */
export interface Preset {
  readonly name: string
  readonly question: string
  readonly input: ExperimentInput
}

/** Names of all presets, in the order of the alphabet. */
export function presetNames(): string[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith(ENDING))
    .map(file => file.slice(0, -ENDING.length))
    .sort()
}

/** The preset of one of {@link presetNames}. */
export function loadPreset(name: string): Preset {
  const text = readFileSync(new URL(`${name}${ENDING}`, FOLDER), 'utf8')
  const input = JSON.parse(text) as ExperimentInput
  const { question } = input
  return { name, question: typeof question === 'string' ? question : EXPERIMENT_DEFAULTS.question, input }
}
