import type { Target } from '../target.ts'
import { chainTargets } from './chain.ts'
import { makeCorpus } from './corpus.ts'
import { ledgerTargets } from './ledger-codecs.ts'
import { networkTargets } from './network-codecs.ts'
import { overlayTargets } from './overlay-codecs.ts'
import { scriptTarget } from './scripts.ts'
import { swarmTargets } from './swarm-codecs.ts'
import { textTargets } from './texts.ts'
import { withVectors } from './vectors.ts'

/** All that reads bytes from outside. @param vectors whether official vectors, where they are, are mutated too. */
export async function allTargets({ vectors }: { readonly vectors: boolean }): Promise<Target[]> {
  const corpus = await makeCorpus()
  const ledger = ledgerTargets(corpus)
  return [
    ...(vectors ? ledger.map(withVectors) : ledger),
    scriptTarget(corpus),
    ...networkTargets(corpus),
    ...overlayTargets(),
    ...swarmTargets(),
    ...textTargets(),
    ...(await chainTargets(corpus)),
  ]
}
