import { BEHAVIOURS } from '../adversaries/hostile.ts'

/** What hostile nodes can be told to do. */
export const HOSTILE_BEHAVIOUR_NAMES: readonly string[] = Object.keys(BEHAVIOURS)
