import type { Outcome } from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import type { Simulation } from '../simulation.ts'

/** Whether the provider itself is among the answers, by a pointer that has not expired. */
export function isAnsweredTruthfully(
  simulation: Simulation<unknown>,
  outcome: Outcome,
  provider: number,
): boolean {
  const { id } = simulation.node(provider)
  const nowS = simulation.clock.now() / 1000
  return outcome.pointers.some(
    pointer => pointer.expiresAt > nowS && !pointer.withdrawn && equalBytes(pointer.provider, id),
  )
}

/** Pointers among the answers that had expired: there must be none. */
export function countExpired(outcome: Outcome, nowMs: number): number {
  return outcome.pointers.filter(({ expiresAt }) => expiresAt * 1000 < nowMs).length
}
