import { OK, type Verdict } from '@onehop/primitives'
import type { BlockHeader } from '../block.ts'
import type { HeaderNode } from '../header-node.ts'
import type { ChainParameters } from '../params.ts'
import { checkDifficulty } from './check-difficulty.ts'
import { checkHeaderTime } from './check-header-time.ts'
import { checkHeaderVersion } from './check-header-version.ts'

/** All rules of a header that depend on the headers before it, in Bitcoin Core's order. */
export function checkHeaderInContext(
  header: BlockHeader,
  parent: HeaderNode,
  parameters: ChainParameters,
  nowSeconds: number,
): Verdict {
  const difficulty = checkDifficulty(header, parent, parameters)
  if (!difficulty.ok) return difficulty
  const time = checkHeaderTime(header, parent, parameters, nowSeconds)
  if (!time.ok) return time
  const version = checkHeaderVersion(header, parent.height + 1, parameters)
  return version.ok ? OK : version
}
