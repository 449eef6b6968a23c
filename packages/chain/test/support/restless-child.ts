/**
 * A process that opens the datadir of its first argument and, until somebody kills it, connects blocks with spends
 * and reorganises. It prints the hash of each block after that was acknowledged.
 */
import { type Block, blockHashToHex, serializeBlock, serializeTransaction } from '@onehop/ledger'
import { Chain } from '../../src/index.ts'
import {
  linkOf,
  makeBlock,
  makeBranch,
  OWN_SCRIPT,
  openOptions,
  solve,
  spendCoinbase,
  tipOf,
} from './regtest.ts'

const MATURITY = 100
const REORGANISE_EVERY = 4
const DEPTH = 2

const datadir = process.argv[2]
if (datadir === undefined) throw new Error('usage: restless-child.ts DATADIR')
const chain = await Chain.open({ ...openOptions, datadir, maxFileBytes: 20_000 })

async function accept(block: Block): Promise<void> {
  const verdict = await chain.acceptBlock(serializeBlock(block))
  if (!verdict.ok) throw new Error(verdict.code)
  process.stdout.write(`${blockHashToHex(block.hash)}\n`)
}

/** Spends the coinbase that has just matured, if a reorganisation has not spent it before. */
async function pay(): Promise<void> {
  const hash = chain.hashAtHeight(chain.tip.height - MATURITY)
  const block = hash && (await chain.getBlock(hash))
  if (block !== undefined) await chain.acceptTransaction(serializeTransaction(spendCoinbase(block)))
}

for (let round = 1; ; round++) {
  await pay()
  await accept(solve(chain.createTemplate(OWN_SCRIPT)))
  if (round % REORGANISE_EVERY !== 0) continue
  const forkHash = chain.hashAtHeight(chain.tip.height - DEPTH)
  const fork = forkHash && (await chain.getBlock(forkHash))
  if (fork === undefined) continue
  const link = linkOf(fork, chain.tip.height - DEPTH)
  for (const block of makeBranch(link, DEPTH + 1, chain.headerTree.size)) await accept(block)
  await accept(makeBlock(tipOf(chain)))
}
