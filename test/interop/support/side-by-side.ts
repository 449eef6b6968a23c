/** One of several cases that have nothing to do with each other. */
export interface Case {
  /** A sentence. */
  readonly title: string
  run(): Promise<void>
}

/**
 * Begins all cases at once, after the suite's other `before`s, and tells of each in a test of its own: clients spend most
 * of the time waiting for their next round of unchoking or announcing.
 */
export function itSideBySide(cases: readonly Case[]): void {
  let outcomes: readonly Promise<void>[] = []
  before(() => {
    outcomes = cases.map(each => each.run())
    // Each failure is told in its own test, however long before that it happens.
    for (const outcome of outcomes) outcome.catch(() => {})
  })
  for (const [index, { title }] of cases.entries()) it(title, () => outcomes[index])
}
