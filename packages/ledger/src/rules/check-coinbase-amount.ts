import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { Block } from '../block.ts'
import type { ChainParameters } from '../params.ts'
import { blockSubsidy } from '../subsidy.ts'

/** The coinbase pays out at most the subsidy and the block's fees. */
export function checkCoinbaseAmount(
  block: Block,
  height: number,
  fees: Sats,
  parameters: ChainParameters,
): Verdict {
  const limit = blockSubsidy(height, parameters) + fees
  const paid = block.transactions[0]?.outputs.reduce((sum, { value }) => sum + value, 0n) ?? 0n
  return paid > limit
    ? invalid('bad-cb-amount', `coinbase pays too much (actual=${paid} vs limit=${limit})`)
    : OK
}
