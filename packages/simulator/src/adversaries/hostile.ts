import type { KelipsMessage } from '@onehop/kelips'
import type { OverlayFactory } from '@onehop/overlay'
import { Adversary } from './adversary.ts'
import type { BehaviourMaker } from './behaviour.ts'
import { Conspiracy } from './conspiracy.ts'
import { eclipse } from './eclipse.ts'
import { flood } from './flood.ts'
import { impersonate } from './impersonate.ts'
import { forge, lie } from './lie.ts'
import { misestimate } from './misestimate.ts'
import { replay } from './replay.ts'
import { drop, withhold } from './withhold.ts'

/** What hostile nodes can do, by name. */
export const BEHAVIOURS = { withhold, drop, lie, forge, flood, replay, impersonate, eclipse, misestimate }

export type BehaviourName = keyof typeof BEHAVIOURS

/** Whether a name from an experiment's file is one of ours. */
export function isBehaviourName(name: string): name is BehaviourName {
  return Object.hasOwn(BEHAVIOURS, name)
}

/**
 * A factory some of whose machines are hostile, and all of those in league. The others are the given factory's own.
 * @param behaviours what each hostile node does, all of it together. Of two that answer the same message the first wins.
 * @param isHostile told the number of the machine: how many were made before it, which is its node's in a simulation.
 */
export function hostile(
  factory: OverlayFactory<KelipsMessage>,
  behaviours: readonly BehaviourName[],
  { isHostile }: { readonly isHostile: (node: number) => boolean },
): OverlayFactory<KelipsMessage> {
  const conspiracy = new Conspiracy()
  const makers: BehaviourMaker[] = behaviours.map(name => BEHAVIOURS[name])
  let made = 0
  return {
    ...factory,
    create: environment =>
      isHostile(made++)
        ? new Adversary(factory, environment, conspiracy, makers)
        : factory.create(environment),
  }
}
