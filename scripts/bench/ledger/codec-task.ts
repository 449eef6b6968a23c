/** Parses and serialises a block of spends, and lets bitcoinjs-lib do the same. */
import { Block, BlockHeader, parseBlock, serializeBlock, Transaction } from '@onehop/ledger'
import { Block as OtherBlock } from 'bitcoinjs-lib'
import { textOf } from '../parameters.ts'
import { callsPerCpuSecond, Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { openBenchChain, readBlocks } from './bench-chain.ts'

const MEGABYTE = 1e6
const FRESH_BLOCKS = 8
const LEAST_CPU_SECONDS = 1

/** The same block without anything that parsing it, or serialising it once, may have left to reuse. */
function fresh({ header, transactions }: Block): Block {
  const { version, previousBlock, merkleRoot, time, bits, nonce } = header
  return new Block(
    new BlockHeader({ version, previousBlock, merkleRoot, time, bits, nonce }),
    transactions.map(one => {
      const { version, inputs, outputs, lockTime } = one
      return new Transaction({ version, inputs, outputs, lockTime })
    }),
  )
}

/** Serialised blocks per CPU second, each of them new. */
function serializedPerCpuSecond(block: Block): number {
  const watch = new Stopwatch()
  let count = 0
  for (let round = 0; watch.cost.cpuSeconds < LEAST_CPU_SECONDS; round++) {
    const blocks = Array.from({ length: FRESH_BLOCKS }, () => fresh(block))
    globalThis.gc?.()
    const isWarm = round > 1
    if (isWarm) watch.start()
    for (const one of blocks) serializeBlock(one)
    if (isWarm) watch.stop()
    if (isWarm) count += FRESH_BLOCKS
  }
  return count / watch.cost.cpuSeconds
}

const run: TaskRun = async parameters => {
  const bench = openBenchChain(textOf(parameters, 'chain'))
  const [bytes] = readBlocks(bench, bench.setupBlocks, bench.setupBlocks + 1)
  if (bytes === undefined) throw new Error('the chain has no block of spends')
  const megabytes = bytes.length / MEGABYTE
  const block = parseBlock(bytes)
  const buffer = Buffer.from(bytes)
  const other = OtherBlock.fromBuffer(buffer)
  return {
    parseMegabytesPerCpuSecond: callsPerCpuSecond(() => parseBlock(bytes)) * megabytes,
    serializeMegabytesPerCpuSecond: callsPerCpuSecond(() => serializeBlock(block)) * megabytes,
    serializeNewMegabytesPerCpuSecond: serializedPerCpuSecond(block) * megabytes,
    otherParseMegabytesPerCpuSecond: callsPerCpuSecond(() => OtherBlock.fromBuffer(buffer)) * megabytes,
    otherSerializeMegabytesPerCpuSecond: callsPerCpuSecond(() => other.toBuffer()) * megabytes,
  }
}

export default run
