import assert from 'node:assert/strict'
import { bytesToHex, hexToBytes, reverseBytes } from '@onehop/primitives'
import {
  blockSubsidy,
  type Coin,
  CoinCounter,
  type CoinHashType,
  NULL_OUTPOINT,
  OP,
  type OutPoint,
  pushBytes,
  pushNumber,
  REGTEST,
  scriptOf,
  Transaction,
  witnessCommitmentScript,
} from '../src/index.ts'

const CHAIN_LENGTH = 110
/** Key 1, which Bitcoin Core's TestChain100Setup mines to. */
const COINBASE_SCRIPT = scriptOf(
  pushBytes(hexToBytes('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')),
  OP.CHECKSIG,
)

/** The commitment of a block with no transaction but its coinbase: SHA-256d of 64 zero bytes. */
const EMPTY_COMMITMENT = hexToBytes('e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9')

interface CoinbaseStyle {
  readonly sequence: number
  /** Of the coinbase at height h. */
  readonly lockTime: (height: number) => number
}

/** The coins of the chain of Bitcoin Core's unit tests: coinbases do not depend on the blocks' times. */
function testChainCoins({ sequence, lockTime }: CoinbaseStyle): [OutPoint, Coin][] {
  const coins: [OutPoint, Coin][] = []
  for (let height = 1; height <= CHAIN_LENGTH; height++) {
    const output = { value: blockSubsidy(height, REGTEST), scriptPubKey: COINBASE_SCRIPT }
    const coinbase = new Transaction({
      version: 2,
      inputs: [
        {
          previousOutput: NULL_OUTPOINT,
          scriptSig: scriptOf(pushNumber(height), OP[0]),
          sequence,
          witness: [],
        },
      ],
      outputs: [output, { value: 0n, scriptPubKey: witnessCommitmentScript(EMPTY_COMMITMENT) }],
      lockTime: lockTime(height),
    })
    coins.push([
      { txid: coinbase.txid, index: 0 },
      { output, height, coinbase: true },
    ])
  }
  const keyOf = ([{ txid }]: [OutPoint, Coin]) => bytesToHex(txid)
  return coins.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

function statisticsOf(coins: readonly [OutPoint, Coin][], hashType: CoinHashType) {
  const counter = new CoinCounter(hashType)
  for (const [outPoint, coin] of coins) counter.add(outPoint, coin)
  const { hash, ...rest } = counter.finish()
  return { ...rest, hash: hash && bytesToHex(reverseBytes(hash)) }
}

describe('statistics of a set of coins', () => {
  it('hashes the chain of Bitcoin Core 30’s unit tests as its chainparams.cpp says (height 110)', () => {
    const coins = testChainCoins({ sequence: 0xffff_fffe, lockTime: height => height - 1 })
    assert.equal(
      statisticsOf(coins, 'hash_serialized_3').hash,
      'b952555c8ab81fec46f3d4253b7af256d766ceb39fb7752b9d18cdf4a0141327',
    )
  })

  it('hashes the chain of Bitcoin Core 29’s unit tests as its chainparams.cpp says (height 110)', () => {
    const coins = testChainCoins({ sequence: 0xffff_ffff, lockTime: () => 0 })
    assert.equal(
      statisticsOf(coins, 'hash_serialized_3').hash,
      '6657b736d4fe4db0cbc796789e812d5dba7f5c143764b1b6905612f1830609d1',
    )
  })

  it('adds up coins, transactions, sizes and amounts', () => {
    const [[outPoint, coin] = assert.fail()] = testChainCoins({ sequence: 0, lockTime: () => 0 })
    const coins: [OutPoint, Coin][] = [
      [outPoint, coin],
      [{ ...outPoint, index: 7 }, coin],
    ]
    assert.deepEqual(statisticsOf(coins, 'none'), {
      coins: 2,
      transactions: 1,
      bogoSize: 2 * (50 + COINBASE_SCRIPT.length),
      totalAmount: 10_000_000_000n,
      hash: undefined,
    })
  })

  it('has a MuHash that does not depend on the order, and a serialised hash that does', () => {
    const coins = testChainCoins({ sequence: 0, lockTime: () => 0 }).slice(0, 5)
    const hashesOf = (hashType: CoinHashType) => [
      statisticsOf(coins, hashType).hash,
      statisticsOf(coins.toReversed(), hashType).hash,
    ]
    const [muhash, reversedMuhash] = hashesOf('muhash')
    assert.equal(muhash, reversedMuhash)
    const [serialized, reversedSerialized] = hashesOf('hash_serialized_3')
    assert.notEqual(serialized, reversedSerialized)
  })
})
