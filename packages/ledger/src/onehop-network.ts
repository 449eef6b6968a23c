import { createGenesis } from './genesis.ts'
import type { ChainParameters } from './params.ts'

const HOUR = 60 * 60

/**
 * The public network of onehop: Bitcoin's rules with real work, from the first block on with every soft fork. Its names
 * are its own, so that nothing of it can be taken for Bitcoin's or the other way round.
 *
 * Blocks come every ten minutes as in Bitcoin, to which maturity, halvings, lock times and wallets' habits are fitted. Its
 * difficulty follows a schedule at every block, since the miners of a small network come and go: after a change of
 * Bitcoin's kind, every 2,016 blocks, a chain that most of them left would stand still for months.
 */
export const ONEHOP: ChainParameters = {
  name: 'onehop',
  genesis: createGenesis({
    time: 1_735_689_600,
    bits: 0x1e00_ffff,
    nonce: 32_118_546,
    message: 'onehop: who owns it, who has it, bring it here',
    key: '00'.repeat(33),
  }),
  // SHA-256 of "onehop" begins so.
  magic: Uint8Array.of(0xc4, 0x25, 0xc9, 0x85),
  // 2^24 hashes: some seconds of one core, which is what the first block takes.
  powLimit: (1n << 232n) - 1n,
  targetSpacingSeconds: 10 * 60,
  targetTimespanSeconds: 14 * 24 * HOUR,
  allowMinimumDifficulty: false,
  noRetargeting: false,
  enforceBip94: false,
  // 36 blocks: fast enough for miners that leave, slow enough that a lucky block moves the target by 2 %.
  asertHalfLifeSeconds: 6 * HOUR,
  subsidyHalvingInterval: 210_000,
  bip34Height: 1,
  bip65Height: 1,
  bip66Height: 1,
  csvHeight: 1,
  segwitHeight: 0,
  scriptFlagExceptions: new Map(),
  bip30Exceptions: new Set(),
  bech32Prefix: 'oh',
  // Addresses begin with o and h, extended keys with opub and oprv.
  base58PublicKeyHash: 115,
  base58ScriptHash: 100,
  wifVersion: 243,
  extendedPublicKeyVersion: 0x03cd92ea,
  extendedPrivateKeyVersion: 0x03cd8eb0,
  // Not registered; "oh" as a number.
  coinType: 0x6f68,
  rpcPort: 28_443,
}
