import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { BlockHeader } from '../block.ts'
import type { ChainParameters } from '../params.ts'
import { checkProofOfWork } from '../proof-of-work.ts'

/** The hash meets the target that the header states, and that target is not easier than the network's limit. */
export function checkHeaderProofOfWork(header: BlockHeader, parameters: ChainParameters): Verdict {
  return checkProofOfWork(header.hash, header.bits, parameters.powLimit)
    ? OK
    : invalid('high-hash', 'proof of work failed')
}
