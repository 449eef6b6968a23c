import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { BlockHeader } from '../block.ts'
import { requiredBits } from '../difficulty.ts'
import type { HeaderNode } from '../header-node.ts'
import type { ChainParameters } from '../params.ts'

/** The header states exactly the target that the headers before it lead to. */
export function checkDifficulty(
  header: BlockHeader,
  parent: HeaderNode,
  parameters: ChainParameters,
): Verdict {
  return header.bits === requiredBits(parent, header, parameters)
    ? OK
    : invalid('bad-diffbits', 'incorrect proof of work')
}
