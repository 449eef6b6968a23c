import { COIN, type Sats } from './amount.ts'
import type { ChainParameters } from './params.ts'

const FIRST_SUBSIDY: Sats = 50n * COIN
/** A shift by 64 or more is not defined in C++, so Bitcoin Core sets the subsidy to zero. */
const MAX_HALVINGS = 64

/** New satoshis that the block at the height may create. */
export function blockSubsidy(height: number, parameters: ChainParameters): Sats {
  const halvings = Math.floor(height / parameters.subsidyHalvingInterval)
  return halvings >= MAX_HALVINGS ? 0n : FIRST_SUBSIDY >> BigInt(halvings)
}
