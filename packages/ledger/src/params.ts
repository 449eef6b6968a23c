import type { Block } from './block.ts'
import { createGenesis } from './genesis.ts'
import { ONEHOP } from './onehop-network.ts'
import type { ScriptFlags } from './script/flags.ts'

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
  /** Every block's target follows a schedule, and doubles with each such time that the chain is late; absent in Bitcoin. */
  readonly asertHalfLifeSeconds?: number
  /** Blocks after which the subsidy halves. */
  readonly subsidyHalvingInterval: number
  /** First heights at which the rules hold; segwit's stands for BIP 141, 143 and 147, CSV's for 68, 112 and 113. */
  readonly bip34Height: number
  /** Hash in hex of the block at BIP 34's height, where blocks before it did not state their heights. */
  readonly bip34Hash?: string
  readonly bip65Height: number
  readonly bip66Height: number
  readonly csvHeight: number
  readonly segwitHeight: number
  /** Script flags of the blocks, by hash in hex, that break a soft fork which holds from the first block on. */
  readonly scriptFlagExceptions: ReadonlyMap<string, ScriptFlags>
  /** Hashes in hex of the blocks whose coinbase has the id of an earlier one (BIP 30). */
  readonly bip30Exceptions: ReadonlySet<string>
  /** The script that every block's signature satisfies, on a signet (BIP 325); absent elsewhere. */
  readonly signetChallenge?: Uint8Array
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
  scriptFlagExceptions: new Map(),
  bip30Exceptions: new Set(),
  bech32Prefix: 'bcrt',
  base58PublicKeyHash: 111,
  base58ScriptHash: 196,
  wifVersion: 239,
  extendedPublicKeyVersion: 0x043587cf,
  extendedPrivateKeyVersion: 0x04358394,
  coinType: 1,
  rpcPort: 18_443,
}

const NETWORKS: readonly ChainParameters[] = [REGTEST, ONEHOP]

/** Names of the networks that a node can run. */
export const NETWORK_NAMES: readonly string[] = NETWORKS.map(({ name }) => name)

/** The parameters of a network that a node can run, by its name; undefined for any other. */
export function parametersOf(name: string): ChainParameters | undefined {
  return NETWORKS.find(network => network.name === name)
}
