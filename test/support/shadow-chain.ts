import { Chain } from '@onehop/chain'
import {
  Block,
  type BlockHash,
  BlockHeader,
  checkProofOfWork,
  REGTEST,
  type Sats,
  serializeHeader,
  Transaction,
  type TransactionFields,
  transactionMerkleRoot,
} from '@onehop/ledger'
import { mineBlock } from '@onehop/miner'
import { hexToBytes, sha256d } from '@onehop/primitives'
import type { NodeProcess } from './node-process.ts'

/** Anyone can spend it. */
const SCRIPT = Uint8Array.of(0x51)

/** Headers of the test are later than blocks that were mined in a hurry, and each is later than the one before. */
const AHEAD_S = 1_000

/** A copy of a node's chain in the test's own memory, to build blocks on that the node would not. */
export async function copyChain(node: NodeProcess): Promise<Chain> {
  const chain = await Chain.open({ parameters: REGTEST, nowSeconds: () => Math.floor(Date.now() / 1000) })
  const tip = await node.call<number>('getblockcount')
  for (let height = 1; height <= tip; height++) {
    const hash = await node.call<string>('getblockhash', [height])
    await chain.acceptBlock(hexToBytes(await node.call<string>('getblock', [hash, 0])))
  }
  return chain
}

/** A block on the tip with valid proof of work whose coinbase is what `change` makes of it. */
export function mineBlockWith(
  chain: Chain,
  change: (coinbase: Transaction) => Partial<TransactionFields>,
): Promise<Block> {
  const template = chain.createTemplate(SCRIPT)
  const [coinbase, ...others] = template.transactions
  const { version, inputs, outputs, lockTime } = coinbase!
  const changed = new Transaction({ version, inputs, outputs, lockTime, ...change(coinbase!) })
  const transactions = [changed, ...others]
  return mineBlock(
    new Block(
      new BlockHeader({ ...template.header, merkleRoot: transactionMerkleRoot(transactions).root }),
      transactions,
    ),
  )
}

/** Pays its miner one satoshi more than there is. */
export function mineGreedyBlock(chain: Chain): Promise<Block> {
  return mineBlockWith(chain, ({ outputs: [reward, ...rest] }) => ({
    outputs: [{ value: (reward!.value + 1n) as Sats, scriptPubKey: SCRIPT }, ...rest],
  }))
}

/** 80 bytes of a header on the parent. With `isWorked`, its hash meets the target; without, it does not. */
export function headerOn(parent: Uint8Array, salt: number, isWorked: boolean): Uint8Array {
  const bits = REGTEST.genesis.header.bits
  const bytes = new Uint8Array(80)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x2000_0000, true)
  bytes.set(parent, 4)
  view.setUint32(36, salt, true)
  view.setUint32(68, Math.floor(Date.now() / 1000) + AHEAD_S + (salt % AHEAD_S), true)
  view.setUint32(72, bits, true)
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true)
    const hash = sha256d(bytes) as Parameters<typeof checkProofOfWork>[0]
    if (checkProofOfWork(hash, bits, REGTEST.powLimit) === isWorked) return bytes
  }
}

/**
 * Headers, each on the one before, with proof of work and no blocks; many of them, for their time passes as slowly as
 * the median of eleven lets it.
 */
export function manyHeadersOn(
  parent: { readonly hash: Uint8Array; readonly time: number },
  count: number,
): Uint8Array[] {
  const { bits } = REGTEST.genesis.header
  const headers: Uint8Array[] = []
  let previousBlock = parent.hash as BlockHash
  for (let i = 0; i < count; i++) {
    const time = parent.time + 1 + Math.floor(i / 5)
    const fields = { version: 0x2000_0000, previousBlock, merkleRoot: new Uint8Array(32), time, bits }
    let header = new BlockHeader({ ...fields, nonce: 0 })
    while (!checkProofOfWork(header.hash, bits, REGTEST.powLimit))
      header = new BlockHeader({ ...fields, nonce: header.nonce + 1 })
    headers.push(serializeHeader(header))
    previousBlock = header.hash
  }
  return headers
}

/** Headers, each on the one before, with proof of work and no blocks. */
export function headersOn(tip: Uint8Array, count: number): Uint8Array[] {
  const headers: Uint8Array[] = []
  let parent = tip
  for (let salt = 1; salt <= count; salt++) {
    const header = headerOn(parent, salt, true)
    headers.push(header)
    parent = sha256d(header)
  }
  return headers
}
