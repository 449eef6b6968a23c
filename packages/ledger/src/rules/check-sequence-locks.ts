import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import { ancestorAt, type HeaderNode, medianTimePast } from '../header-node.ts'
import type { ChainParameters } from '../params.ts'
import { SEQUENCE_DISABLE_FLAG, SEQUENCE_MASK, SEQUENCE_TYPE_FLAG } from '../script/signature-checker.ts'
import type { Transaction } from '../transaction.ts'

/** Relative lock times count in units of 512 seconds (BIP 68). */
const TIME_UNIT_BITS = 9

/** BIP 68 holds for transactions from this version on. */
const MIN_VERSION = 2

/**
 * The relative lock times of all inputs have passed (BIP 68) for a block on top of `parent`.
 * A coin of an unconfirmed transaction counts as being in that block.
 */
export function checkSequenceLocks(
  transaction: Transaction,
  spent: readonly Coin[],
  parent: HeaderNode,
  parameters: ChainParameters,
): Verdict {
  const height = parent.height + 1
  if (transaction.version < MIN_VERSION || height < parameters.csvHeight) return OK
  const isLocked = transaction.inputs.some(({ sequence }, i) => isInputLocked(sequence, spent[i]!, parent))
  return isLocked ? invalid('bad-txns-nonfinal', 'contains a non-BIP68-final transaction') : OK
}

function isInputLocked(sequence: number, coin: Coin, parent: HeaderNode): boolean {
  if (sequence >= SEQUENCE_DISABLE_FLAG) return false
  const value = sequence & SEQUENCE_MASK
  if ((sequence & SEQUENCE_TYPE_FLAG) === 0) return coin.height + value > parent.height + 1
  // Time runs from the median time past of the block before the one that has the coin.
  const start = medianTimePast(ancestorAt(parent, Math.max(coin.height - 1, 0)))
  return start + (value << TIME_UNIT_BITS) > medianTimePast(parent)
}
