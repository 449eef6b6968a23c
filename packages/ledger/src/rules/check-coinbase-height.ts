import { equalBytes, invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { ChainParameters } from '../params.ts'
import { pushNumber } from '../script/script-building.ts'

/** The coinbase's scriptSig starts with the block's height (BIP 34). */
export function checkCoinbaseHeight(block: Block, height: number, parameters: ChainParameters): Verdict {
  if (height < parameters.bip34Height) return OK
  const expected = pushNumber(height)
  const scriptSig = block.transactions[0]?.inputs[0]?.scriptSig ?? new Uint8Array(0)
  return equalBytes(scriptSig.subarray(0, expected.length), expected)
    ? OK
    : invalid('bad-cb-height', 'block height mismatch in coinbase')
}
