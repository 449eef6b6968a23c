import { rounded } from '../experiments/rounded.ts'

/** One figure, beside the published one. */
export interface FidelityRow {
  /** `N = 1,024: hops, mean`. */
  readonly what: string
  readonly measured: number
  /** As people read it, with the tolerance: `5 ± 0.3`. */
  readonly published: string
  /** Whether the measured figure lies where it should; absent where nothing is published to hold it against. */
  readonly within?: boolean
  /** Of the simulation that it was measured in: the same for the same seed. */
  readonly traceHash?: string
}

/** What a row may have besides. */
export interface RowDetails {
  readonly traceHash?: string
}

/** A figure that must be the published one, give or take. */
export function near(
  what: string,
  measured: number,
  value: number,
  tolerance: number,
  details: RowDetails = {},
): FidelityRow {
  const within = Math.abs(measured - value) <= tolerance
  return row(what, measured, `${shown(value)} ± ${shown(tolerance)}`, within, details)
}

/** A figure that must lie between two, both included. */
export function between(
  what: string,
  measured: number,
  least: number,
  most: number,
  details: RowDetails = {},
): FidelityRow {
  const within = measured >= least && measured <= most
  return row(what, measured, `${shown(least)} to ${shown(most)}`, within, details)
}

/** A figure that must not be larger. */
export function atMost(what: string, measured: number, most: number, details: RowDetails = {}): FidelityRow {
  return row(what, measured, `at most ${shown(most)}`, measured <= most, details)
}

/** A figure that must not be smaller. */
export function atLeast(
  what: string,
  measured: number,
  least: number,
  details: RowDetails = {},
): FidelityRow {
  return row(what, measured, `at least ${shown(least)}`, measured >= least, details)
}

/** A figure that is told and not judged: `published` says what it can be compared with, if anything. */
export function told(
  what: string,
  measured: number,
  published = '',
  { traceHash }: RowDetails = {},
): FidelityRow {
  return { what, measured: rounded(measured), published, ...(traceHash === undefined ? {} : { traceHash }) }
}

function row(
  what: string,
  measured: number,
  published: string,
  within: boolean,
  { traceHash }: RowDetails,
): FidelityRow {
  return {
    ...{ what, measured: rounded(measured), published, within },
    ...(traceHash === undefined ? {} : { traceHash }),
  }
}

function shown(value: number): string {
  return String(rounded(value))
}
