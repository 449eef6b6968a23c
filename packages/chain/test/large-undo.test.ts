import assert from 'node:assert/strict'
import {
  Block,
  BlockHeader,
  blockSubsidy,
  NULL_OUTPOINT,
  OP,
  pushBytes,
  pushNumber,
  REGTEST,
  SEQUENCE_FINAL,
  scriptOf,
  Transaction,
  transactionMerkleRoot,
} from '@onehop/ledger'
import { Chain, MemoryStorage } from '../src/index.ts'
import {
  acceptAll,
  GENESIS,
  type Link,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  solve,
  tipOf,
} from './support/regtest.ts'

const DROPS = 19
const OUTPUTS = 98
const BLOCKS = 35
/** Nearly as long as a script that can be spent may be: 19 pushes that are dropped, and 1. */
const LONG_SCRIPT = scriptOf(
  ...Array.from({ length: DROPS }, () => [pushBytes(new Uint8Array(520)), OP.DROP]).flat(),
  OP[1],
)

/** A block whose coinbase makes many coins with long scripts. */
function heavyBlock(parent: Link): Block {
  const height = parent.height + 1
  const value = blockSubsidy(height, REGTEST) / BigInt(OUTPUTS)
  const coinbase = new Transaction({
    version: 2,
    inputs: [
      {
        previousOutput: NULL_OUTPOINT,
        scriptSig: scriptOf(pushNumber(height), pushBytes(Uint8Array.of(1, 1))),
        sequence: SEQUENCE_FINAL,
        witness: [],
      },
    ],
    outputs: Array.from({ length: OUTPUTS }, () => ({ value, scriptPubKey: LONG_SCRIPT })),
    lockTime: 0,
  })
  const header = new BlockHeader({
    version: 0x2000_0000,
    previousBlock: parent.hash,
    merkleRoot: transactionMerkleRoot([coinbase]).root,
    time: parent.time + 1,
    bits: REGTEST.genesis.header.bits,
    nonce: 0,
  })
  return solve(new Block(header, [coinbase]))
}

describe('a block that spends the longest scripts', () => {
  it('can be left again', async () => {
    const chain = await Chain.open({ ...openOptions, storage: await MemoryStorage.open() })
    const heavy: Block[] = []
    for (let link = GENESIS; heavy.length < BLOCKS; ) {
      const block = heavyBlock(link)
      heavy.push(block)
      link = linkOf(block, link.height + 1)
    }
    await acceptAll(chain, heavy)
    await acceptAll(chain, makeBranch(tipOf(chain), 100))
    const fork = tipOf(chain)
    const inputs = heavy.flatMap(({ transactions: [coinbase] }) =>
      Array.from({ length: OUTPUTS }, (_, index) => ({
        previousOutput: { txid: coinbase!.txid, index },
        scriptSig: new Uint8Array(0),
        sequence: SEQUENCE_FINAL,
        witness: [],
      })),
    )
    const spender = new Transaction({
      version: 2,
      inputs,
      outputs: [{ value: 0n, scriptPubKey: scriptOf(OP[1]) }],
      lockTime: 0,
    })
    await acceptAll(chain, [makeBlock(fork, { transactions: [spender] })])
    assert.equal(chain.tip.height, fork.height + 1)
    await acceptAll(chain, makeBranch(fork, 2, 7))
    assert.equal(chain.tip.height, fork.height + 2)
    await chain.close()
  })
})
