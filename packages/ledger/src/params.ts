import { hexToBytes, utf8Encode } from '@onehop/primitives'
import { COIN } from './amount.ts'
import { Block, BlockHeader } from './block.ts'
import { asBlockHash } from './ids.ts'
import { transactionMerkleRoot } from './merkle.ts'
import { OP } from './script/opcodes.ts'
import { pushBytes, pushNumber, scriptOf } from './script/script-building.ts'
import { NULL_OUTPOINT, SEQUENCE_FINAL, Transaction } from './transaction.ts'

/** Everything that distinguishes one network's rules and names from another's. */
export interface ChainParameters {
  readonly name: string
  readonly genesis: Block
  /** Four bytes before every message and every block in a file. */
  readonly magic: Uint8Array
  /** The easiest target. */
  readonly powLimit: bigint
  readonly targetSpacingSeconds: number
  /** How long a difficulty period should take; with the spacing, it gives the blocks of a period. */
  readonly targetTimespanSeconds: number
  /** A block 2 spacings after its parent may have the easiest target (test networks). */
  readonly allowMinimumDifficulty: boolean
  /** Difficulty never changes (regtest). */
  readonly noRetargeting: boolean
  /** Testnet 4's rules against time warps and block storms (BIP 94). */
  readonly enforceBip94: boolean
  /** Blocks after which the subsidy halves. */
  readonly subsidyHalvingInterval: number
  /** First heights at which the rules hold; segwit's stands for BIP 141, 143 and 147, CSV's for 68, 112 and 113. */
  readonly bip34Height: number
  readonly bip65Height: number
  readonly bip66Height: number
  readonly csvHeight: number
  readonly segwitHeight: number
  /** Human-readable part of segwit addresses. */
  readonly bech32Prefix: string
  readonly base58PublicKeyHash: number
  readonly base58ScriptHash: number
  /** Version byte of a private key in WIF. */
  readonly wifVersion: number
  /** Version bytes of BIP 32's serialised keys, as 32-bit big-endian integers. */
  readonly extendedPublicKeyVersion: number
  readonly extendedPrivateKeyVersion: number
  /** Coin type of BIP 44 and 84 paths (SLIP 44). */
  readonly coinType: number
  readonly rpcPort: number
}

const GENESIS_MESSAGE = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks'
const GENESIS_KEY =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f'

function createGenesis(header: { time: number; bits: number; nonce: number }): Block {
  const coinbase = new Transaction({
    version: 1,
    inputs: [
      {
        previousOutput: NULL_OUTPOINT,
        scriptSig: scriptOf(
          pushNumber(0x1d00ffff),
          pushBytes(Uint8Array.of(4)),
          pushBytes(utf8Encode(GENESIS_MESSAGE)),
        ),
        sequence: SEQUENCE_FINAL,
        witness: [],
      },
    ],
    outputs: [{ value: 50n * COIN, scriptPubKey: scriptOf(pushBytes(hexToBytes(GENESIS_KEY)), OP.CHECKSIG) }],
    lockTime: 0,
  })
  const { root } = transactionMerkleRoot([coinbase])
  const previousBlock = asBlockHash(new Uint8Array(32))
  return new Block(new BlockHeader({ version: 1, previousBlock, merkleRoot: root, ...header }), [coinbase])
}

/** Bitcoin's regression test network: anyone can mine, no retargeting (`CRegTestParams`). */
export const REGTEST: ChainParameters = {
  name: 'regtest',
  genesis: createGenesis({ time: 1_296_688_602, bits: 0x207f_ffff, nonce: 2 }),
  magic: Uint8Array.of(0xfa, 0xbf, 0xb5, 0xda),
  powLimit: (1n << 255n) - 1n,
  targetSpacingSeconds: 10 * 60,
  targetTimespanSeconds: 24 * 60 * 60,
  allowMinimumDifficulty: true,
  noRetargeting: true,
  enforceBip94: false,
  subsidyHalvingInterval: 150,
  bip34Height: 1,
  bip65Height: 1,
  bip66Height: 1,
  csvHeight: 1,
  segwitHeight: 0,
  bech32Prefix: 'bcrt',
  base58PublicKeyHash: 111,
  base58ScriptHash: 196,
  wifVersion: 239,
  extendedPublicKeyVersion: 0x043587cf,
  extendedPrivateKeyVersion: 0x04358394,
  coinType: 1,
  rpcPort: 18_443,
}

const NETWORKS: readonly ChainParameters[] = [REGTEST]

/** The parameters of a network by its name; undefined for one that is not known. */
export function parametersOf(name: string): ChainParameters | undefined {
  return NETWORKS.find(network => network.name === name)
}
