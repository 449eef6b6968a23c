import assert from 'node:assert/strict'
import { Block, BlockHeader, checkProofOfWork, merkleRoot, REGTEST, Transaction } from '@onehop/ledger'

/** 2^-12 of all hashes are below this target. */
export const BITS_4096_HASHES = 0x1f0fffff
/** 2^-21 of all hashes are below this target: more than what the first slice tries. */
export const BITS_2_MILLION_HASHES = 0x1e07ffff
/** Nothing will ever be found. */
export const BITS_HOPELESS = 0x03000001

/** A block of two transactions that lacks only its proof of work. */
export function template(bits: number, time = REGTEST.genesis.header.time + 1): Block {
  const [coinbase] = REGTEST.genesis.transactions
  assert(coinbase)
  const spend = new Transaction({
    ...coinbase,
    version: 2,
    lockTime: 7,
    inputs: coinbase.inputs,
    outputs: [],
  })
  const { header } = REGTEST.genesis
  const { root } = merkleRoot([coinbase.txid, spend.txid])
  const fields = { version: 0x20000000, previousBlock: header.hash, merkleRoot: root, time }
  return new Block(new BlockHeader({ ...fields, bits, nonce: 0 }), [coinbase, spend])
}

const EASIEST = (1n << 256n) - 1n

export function isSolved({ header }: Block): boolean {
  return checkProofOfWork(header.hash, header.bits, EASIEST)
}
