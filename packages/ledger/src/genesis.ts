import { hexToBytes, utf8Encode } from '@onehop/primitives'
import { COIN } from './amount.ts'
import { Block, BlockHeader } from './block.ts'
import { asBlockHash } from './ids.ts'
import { transactionMerkleRoot } from './merkle.ts'
import { OP } from './script/opcodes.ts'
import { pushBytes, pushNumber, scriptOf } from './script/script-building.ts'
import { NULL_OUTPOINT, SEQUENCE_FINAL, Transaction } from './transaction.ts'

const MESSAGE = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks'
const KEY =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f'

/** What distinguishes one network's first block from another's; Bitcoin's message and key where these are absent. */
export interface GenesisFields {
  readonly time: number
  readonly bits: number
  readonly nonce: number
  readonly message?: string
  /** In hex. */
  readonly key?: string
}

/** The first block of a network (Core: CreateGenesisBlock). */
export function createGenesis({ message = MESSAGE, key = KEY, time, bits, nonce }: GenesisFields): Block {
  const coinbase = new Transaction({
    version: 1,
    inputs: [
      {
        previousOutput: NULL_OUTPOINT,
        scriptSig: scriptOf(
          pushNumber(0x1d00ffff),
          pushBytes(Uint8Array.of(4)),
          pushBytes(utf8Encode(message)),
        ),
        sequence: SEQUENCE_FINAL,
        witness: [],
      },
    ],
    outputs: [{ value: 50n * COIN, scriptPubKey: scriptOf(pushBytes(hexToBytes(key)), OP.CHECKSIG) }],
    lockTime: 0,
  })
  const { root } = transactionMerkleRoot([coinbase])
  const previousBlock = asBlockHash(new Uint8Array(32))
  return new Block(new BlockHeader({ version: 1, previousBlock, merkleRoot: root, time, bits, nonce }), [
    coinbase,
  ])
}
