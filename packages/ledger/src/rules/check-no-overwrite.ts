import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { CoinsView } from '../coin.ts'
import { blockHashToHex } from '../ids.ts'
import type { ChainParameters } from '../params.ts'

/**
 * No transaction has the id of one whose outputs are not all spent (BIP 30), but for two coinbases of mainnet. BIP 34
 * makes coinbases, and so all ids, unique up to a height far ahead, so that Core looks only where it must; here the
 * look is always taken.
 */
export function checkNoOverwrite(block: Block, coins: CoinsView, parameters: ChainParameters): Verdict {
  if (parameters.bip30Exceptions.has(blockHashToHex(block.hash))) return OK
  for (const { txid, outputs } of block.transactions) {
    for (let index = 0; index < outputs.length; index++) {
      if (coins.get({ txid, index })) return invalid('bad-txns-BIP30', 'tried to overwrite transaction')
    }
  }
  return OK
}
