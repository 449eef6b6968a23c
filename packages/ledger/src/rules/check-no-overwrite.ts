import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { CoinsView } from '../coin.ts'
import { ancestorAt, type HeaderNode } from '../header-node.ts'
import { blockHashToHex } from '../ids.ts'
import type { ChainParameters } from '../params.ts'

/** From here on, coinbases of before BIP 34 happen to state heights of mainnet (Core: BIP34_IMPLIES_BIP30_LIMIT). */
const FIRST_REPEATABLE_HEIGHT = 1_983_702

/**
 * When a block has to be checked by {@link checkNoOverwrite}. BIP 34 makes coinbases, and so all ids, unique.
 * - `always`: before it holds.
 * - `after another refusal`: it held from the first block on, so that no block is refused for this alone. Bitcoin Core
 *   looks all the same, and first: whoever wants its code looks when the block is refused anyway.
 * - `never`: Core does not look either.
 */
export function overwriteCheckOf(
  node: HeaderNode,
  { bip34Height, bip34Hash }: ChainParameters,
): 'always' | 'after another refusal' | 'never' {
  if (bip34Height <= 1) return 'after another refusal'
  const { height } = node
  if (height <= bip34Height || height >= FIRST_REPEATABLE_HEIGHT) return 'always'
  return blockHashToHex(ancestorAt(node, bip34Height).hash) === bip34Hash ? 'never' : 'always'
}

/** No transaction has the id of one whose outputs are not all spent (BIP 30), but for two coinbases of mainnet. */
export function checkNoOverwrite(block: Block, coins: CoinsView, parameters: ChainParameters): Verdict {
  if (parameters.bip30Exceptions.has(blockHashToHex(block.hash))) return OK
  for (const { txid, outputs } of block.transactions) {
    for (let index = 0; index < outputs.length; index++) {
      if (coins.get({ txid, index })) return invalid('bad-txns-BIP30', 'tried to overwrite transaction')
    }
  }
  return OK
}
