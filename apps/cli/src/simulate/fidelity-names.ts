import type { FidelityExperiment } from '@onehop/simulator'
import { suggestion } from '../command-line.ts'
import { UsageFailure } from '../failure.ts'

/**
 * The experiments that were asked for by their names or by their overlays', in the order in which they are listed; all
 * of them when none was named. @throws {UsageFailure} for a name that there is not.
 */
export function chooseFidelity(
  typed: readonly string[],
  known: readonly FidelityExperiment[],
): readonly FidelityExperiment[] {
  for (const name of typed) if (!known.some(one => isMeant(one, name))) throw unknownName(name, known)
  return typed.length === 0 ? known : known.filter(one => typed.some(name => isMeant(one, name)))
}

function isMeant({ name, overlay }: FidelityExperiment, typed: string): boolean {
  return name === typed || overlay === typed
}

function unknownName(typed: string, known: readonly FidelityExperiment[]): UsageFailure {
  const names = [...new Set(known.flatMap(({ name, overlay }) => [overlay, name]))]
  const list = known.map(({ name }) => name)
  return new UsageFailure(`There is no fidelity experiment "${typed}"; ${suggestion(typed, names, list)}`)
}
