import type { Target } from '../target.ts'
import { chainTargets } from './chain.ts'
import { makeCorpus } from './corpus.ts'
import { ledgerTargets } from './ledger-codecs.ts'
import { networkTargets } from './network-codecs.ts'
import { scriptTarget } from './scripts.ts'
import { swarmTargets } from './swarm-codecs.ts'
import { textTargets } from './texts.ts'
import { withVectors } from './vectors.ts'

/** All that reads bytes from outside. */
export async function allTargets(): Promise<Target[]> {
  const corpus = await makeCorpus()
  return [
    ...ledgerTargets(corpus).map(withVectors),
    scriptTarget(corpus),
    ...networkTargets(corpus),
    ...swarmTargets(),
    ...textTargets(),
    ...(await chainTargets(corpus)),
  ]
}
