import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { BlockHeader } from '../block.ts'
import type { ChainParameters } from '../params.ts'

/** From the heights of BIP 34, 66 and 65 on, the version is at least 2, 3 and 4. */
export function checkHeaderVersion(
  header: BlockHeader,
  height: number,
  parameters: ChainParameters,
): Verdict {
  const { version } = header
  const isOutdated =
    (version < 2 && height >= parameters.bip34Height) ||
    (version < 3 && height >= parameters.bip66Height) ||
    (version < 4 && height >= parameters.bip65Height)
  if (!isOutdated) return OK
  const hex = (version >>> 0).toString(16).padStart(8, '0')
  return invalid(`bad-version(0x${hex})`, `rejected nVersion=0x${hex} block`)
}
