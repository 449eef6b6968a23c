import { type ChainParameters, difficultyInterval, type HeaderNode } from '@onehop/ledger'
import { shownNumber } from './blockchain-json.ts'

/**
 * Hashes per second that the blocks before (and with) one took to find, by their work and times.
 * @param blocks how many; −1 for those since the last change of the difficulty.
 */
export function networkHashesPerSecond(
  last: HeaderNode,
  blocks: number,
  parameters: ChainParameters,
): number {
  const wanted = blocks === -1 ? (last.height % difficultyInterval(parameters)) + 1 : blocks
  let first = last
  let [earliest, latest] = [last.header.time, last.header.time]
  for (let i = 0; i < wanted && first.parent !== undefined; i++) {
    first = first.parent
    earliest = Math.min(earliest, first.header.time)
    latest = Math.max(latest, first.header.time)
  }
  if (earliest === latest) return 0
  return shownNumber(Number(last.chainWork - first.chainWork) / (latest - earliest))
}
