import { ByteWriter, hexToBytes, utf8Encode } from '@onehop/primitives'
import { COIN } from './amounts.ts'
import { Block, BlockHeader } from './block.ts'
import type { BlockHash, TxId } from './hashes.ts'
import { COINBASE_INDEX, type Sats, Transaction } from './transaction.ts'

/** What makes one chain differ from another (Bitcoin Core's `CChainParams`). */
export interface ChainParameters {
  readonly name: string
  readonly genesis: Block
  /** The easiest target allowed. */
  readonly powLimit: bigint
  /** No retargeting: every block has its parent's target. */
  readonly noRetargeting: boolean
  /** Blocks from one halving of the subsidy to the next. */
  readonly subsidyHalvingInterval: number
  /** First subsidy. */
  readonly initialSubsidy: Sats
  /** Human-readable part of segwit addresses (BIP 173). */
  readonly bech32Prefix: string
  readonly pubKeyHashVersion: number
  readonly scriptHashVersion: number
  readonly wifVersion: number
  /** SLIP 44. */
  readonly coinType: number
  /** Heights from which blocks must obey the rule. */
  readonly heights: {
    readonly bip34: number
    readonly bip65: number
    readonly bip66: number
    readonly csv: number
    readonly segwit: number
  }
  /** First 4 bytes of every record of a block file, as of every message of Bitcoin's own protocol. */
  readonly magic: Uint8Array
  readonly rpcPort: number
}

const GENESIS_TEXT = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks'
const GENESIS_KEY =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f'
const OP_CHECKSIG = 0xac

function genesisCoinbase(): Transaction {
  const text = utf8Encode(GENESIS_TEXT)
  const scriptSig = new ByteWriter().writeBytes(hexToBytes('04ffff001d0104')).writeVarBytes(text).toBytes()
  const scriptPubKey = new ByteWriter()
    .writeVarBytes(hexToBytes(GENESIS_KEY))
    .writeUint8(OP_CHECKSIG)
    .toBytes()
  const previousOutput = { txid: new Uint8Array(32) as TxId, index: COINBASE_INDEX }
  return new Transaction({
    version: 1,
    inputs: [{ previousOutput, scriptSig, sequence: 0xffff_ffff, witness: [] }],
    outputs: [{ value: 50n * COIN, scriptPubKey }],
    lockTime: 0,
  })
}

function genesisBlock(time: number, bits: number, nonce: number): Block {
  const coinbase = genesisCoinbase()
  const header = new BlockHeader({
    version: 1,
    previousBlock: new Uint8Array(32) as BlockHash,
    merkleRoot: coinbase.txid,
    time,
    bits,
    nonce,
  })
  return new Block(header, [coinbase])
}

/** Bitcoin Core's regression test chain. */
export const REGTEST: ChainParameters = {
  name: 'regtest',
  genesis: genesisBlock(1_296_688_602, 0x207fffff, 2),
  powLimit: (1n << 255n) - 1n,
  noRetargeting: true,
  subsidyHalvingInterval: 150,
  initialSubsidy: 50n * COIN,
  bech32Prefix: 'bcrt',
  pubKeyHashVersion: 111,
  scriptHashVersion: 196,
  wifVersion: 239,
  coinType: 1,
  heights: { bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 0 },
  magic: hexToBytes('fabfb5da'),
  rpcPort: 18_443,
}

const ALL: readonly ChainParameters[] = [REGTEST]

/** The parameters of the chain of this name, or undefined. */
export function parametersOf(name: string): ChainParameters | undefined {
  return ALL.find(parameters => parameters.name === name)
}
