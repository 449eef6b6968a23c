import { ByteWriter, hexToBytes, sha256d } from '@onehop/primitives'
import { createGenesis } from './genesis.ts'
import { ONEHOP } from './onehop-network.ts'
import { type ChainParameters, REGTEST } from './params.ts'
import { FLAG } from './script/flags.ts'

/** What mainnet's rules and those of its rehearsals have in common. */
const PUBLIC = {
  targetSpacingSeconds: 10 * 60,
  targetTimespanSeconds: 14 * 24 * 60 * 60,
  noRetargeting: false,
  subsidyHalvingInterval: 210_000,
} as const

/** Names of test networks' addresses and keys, and rules that hold from the first block on. */
const TEST = {
  ...PUBLIC,
  bip34Height: 1,
  bip65Height: 1,
  bip66Height: 1,
  csvHeight: 1,
  segwitHeight: 1,
  scriptFlagExceptions: new Map<string, number>(),
  bip30Exceptions: new Set<string>(),
  bech32Prefix: 'tb',
  base58PublicKeyHash: 111,
  base58ScriptHash: 196,
  wifVersion: 239,
  extendedPublicKeyVersion: 0x043587cf,
  extendedPrivateKeyVersion: 0x04358394,
  coinType: 1,
} as const

/** Bitcoin (`CMainParams`). */
export const MAINNET: ChainParameters = {
  ...PUBLIC,
  name: 'mainnet',
  genesis: createGenesis({ time: 1_231_006_505, bits: 0x1d00_ffff, nonce: 2_083_236_893 }),
  magic: Uint8Array.of(0xf9, 0xbe, 0xb4, 0xd9),
  powLimit: (1n << 224n) - 1n,
  allowMinimumDifficulty: false,
  enforceBip94: false,
  bip34Height: 227_931,
  bip34Hash: '000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8',
  bip65Height: 388_381,
  bip66Height: 363_725,
  csvHeight: 419_328,
  segwitHeight: 481_824,
  scriptFlagExceptions: new Map([
    // A block from before BIP 16's time that breaks it, and one from before taproot's.
    ['00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22', 0],
    ['0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad', FLAG.P2SH | FLAG.WITNESS],
  ]),
  bip30Exceptions: new Set([
    '00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec',
    '00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721',
  ]),
  bech32Prefix: 'bc',
  base58PublicKeyHash: 0,
  base58ScriptHash: 5,
  wifVersion: 128,
  extendedPublicKeyVersion: 0x0488b21e,
  extendedPrivateKeyVersion: 0x0488ade4,
  coinType: 0,
  rpcPort: 8_332,
}

/** The third public test network (`CTestNetParams`), whose blocks are in many test suites. */
export const TESTNET3: ChainParameters = {
  ...TEST,
  name: 'testnet3',
  genesis: createGenesis({ time: 1_296_688_602, bits: 0x1d00_ffff, nonce: 414_098_458 }),
  magic: Uint8Array.of(0x0b, 0x11, 0x09, 0x07),
  powLimit: (1n << 224n) - 1n,
  allowMinimumDifficulty: true,
  enforceBip94: false,
  bip34Height: 21_111,
  bip34Hash: '0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8',
  bip65Height: 581_885,
  bip66Height: 330_776,
  csvHeight: 770_112,
  segwitHeight: 834_624,
  // A block from before BIP 16's time that breaks it.
  scriptFlagExceptions: new Map([['00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105', 0]]),
  rpcPort: 18_332,
}

/** The fourth public test network, with BIP 94's rules (`CTestNet4Params`). */
export const TESTNET4: ChainParameters = {
  ...TEST,
  name: 'testnet4',
  genesis: createGenesis({
    time: 1_714_777_860,
    bits: 0x1d00_ffff,
    nonce: 393_743_547,
    message: '03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e',
    key: '00'.repeat(33),
  }),
  magic: Uint8Array.of(0x1c, 0x16, 0x3f, 0x28),
  powLimit: (1n << 224n) - 1n,
  allowMinimumDifficulty: true,
  enforceBip94: true,
  rpcPort: 48_332,
}

/** Either of two keys signs the blocks of the public signet. */
const DEFAULT_CHALLENGE =
  '512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae'

/** A signet whose blocks satisfy this challenge (`SigNetParams`, BIP 325). All of them start with the same block. */
export function signetParameters(challenge: Uint8Array): ChainParameters {
  return {
    ...TEST,
    name: 'signet',
    genesis: createGenesis({ time: 1_598_918_400, bits: 0x1e03_77ae, nonce: 52_613_770 }),
    magic: sha256d(new ByteWriter().writeVarBytes(challenge).toBytes()).slice(0, 4),
    powLimit: 0x377aen << 216n,
    allowMinimumDifficulty: false,
    enforceBip94: false,
    signetChallenge: challenge,
    rpcPort: 38_332,
  }
}

/** The public signet. */
export const SIGNET: ChainParameters = signetParameters(hexToBytes(DEFAULT_CHALLENGE))

const KNOWN: readonly ChainParameters[] = [REGTEST, ONEHOP, MAINNET, TESTNET3, TESTNET4, SIGNET]

/** The parameters of every network that this package knows, those that no node can run included. */
export function knownParametersOf(name: string): ChainParameters | undefined {
  return KNOWN.find(network => network.name === name)
}
