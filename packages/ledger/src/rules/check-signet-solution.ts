import {
  equalBytes,
  invalid,
  nobleVerifier,
  OK,
  type SignatureVerifier,
  type Verdict,
} from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { ChainParameters } from '../params.ts'
import { FLAG } from '../script/flags.ts'
import { SegwitMidstate } from '../script/segwit-midstate.ts'
import { TransactionSignatureChecker } from '../script/signature-checker.ts'
import { verifyScript } from '../script/verify-script.ts'
import { signetSpendOf } from '../signet-spend.ts'

/** What a block's signature is checked under, whatever the blocks' scripts are (Core: signet.cpp). */
const SOLUTION_FLAGS = FLAG.P2SH | FLAG.WITNESS | FLAG.DERSIG | FLAG.NULLDUMMY

/**
 * The block is signed by whom the signet's challenge names (BIP 325); its first block needs no signature. There is one
 * signature a block or a few, so that the reference backend will do.
 */
export function checkSignetSolution(
  block: Block,
  parameters: ChainParameters,
  verifier: SignatureVerifier = nobleVerifier,
): Verdict {
  const { signetChallenge, genesis } = parameters
  if (signetChallenge === undefined || equalBytes(block.hash, genesis.hash)) return OK
  const signed = signetSpendOf(block, signetChallenge)
  if (!signed.ok) return signed
  const { transaction, spent } = signed.value
  const midstate = new SegwitMidstate(transaction, [spent])
  const checker = new TransactionSignatureChecker(transaction, 0, spent.value, verifier, midstate)
  const { scriptSig, witness } = transaction.inputs[0]!
  const input = { scriptSig, witness, scriptPubKey: spent.scriptPubKey, flags: SOLUTION_FLAGS, checker }
  return verifyScript(input) === undefined
    ? OK
    : invalid('bad-signet-blksig', 'signet block signature validation failure')
}
