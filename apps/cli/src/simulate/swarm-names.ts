import type { SwarmExperiment } from '@onehop/simulator'
import { suggestion } from '../command-line.ts'
import { UsageFailure } from '../failure.ts'

/** The swarm experiments of these names, in the order in which they are listed; all where none was named. */
export function chooseSwarms(
  typed: readonly string[],
  known: readonly SwarmExperiment[],
): readonly SwarmExperiment[] {
  const names = known.map(({ name }) => name)
  for (const name of typed) {
    if (!names.includes(name)) {
      throw new UsageFailure(`There is no swarm experiment "${name}"; ${suggestion(name, names, names)}`)
    }
  }
  return typed.length === 0 ? known : known.filter(({ name }) => typed.includes(name))
}
