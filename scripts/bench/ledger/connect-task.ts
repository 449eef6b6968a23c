/**
 * Connects the chain's blocks of spends, from bytes until they are acknowledged: blocks, undo data and index are on the
 * disk. Coins are written back later, which is measured apart, with the closing of the chain. With `seen`, the mempool
 * had the transactions before. With `collect`, garbage of what is not measured is collected before a block, which
 * nothing may do where memory is looked at.
 */
import type { Chain } from '@onehop/chain'
import { parseBlock, serializeTransaction } from '@onehop/ledger'
import { numberOf, textOf } from '../parameters.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { withFolder } from '../with-folder.ts'
import { openBenchChain, readBlocks } from './bench-chain.ts'
import { acceptBlocks, openPrepared } from './open-chain.ts'

const MEGABYTE = 1e6

async function fillMempool(chain: Chain, block: Uint8Array): Promise<void> {
  for (const transaction of parseBlock(block).transactions.slice(1)) {
    const verdict = await chain.acceptTransaction(serializeTransaction(transaction))
    if (!verdict.ok) throw new Error(`a transaction was refused: ${verdict.code}`)
  }
}

const run: TaskRun = parameters =>
  withFolder(async folder => {
    const bench = openBenchChain(textOf(parameters, 'chain'))
    const chain = await openPrepared(folder, bench, numberOf(parameters, 'threads'))
    const watch = new Stopwatch()
    for (const block of readBlocks(bench, bench.setupBlocks)) {
      if (parameters.seen === true) await fillMempool(chain, block)
      if (parameters.collect === true) globalThis.gc?.()
      watch.start()
      await acceptBlocks(chain, [block])
      watch.stop()
    }
    const rssBytes = process.memoryUsage.rss()
    const { cpuSeconds, wallSeconds } = watch.cost
    watch.start()
    await chain.close()
    const closed = watch.stop()
    const transactions = bench.shape.spendBlocks * bench.shape.spendsPerBlock
    return {
      transactionsPerCpuSecond: transactions / cpuSeconds,
      transactionsPerSecond: transactions / wallSeconds,
      closedTransactionsPerCpuSecond: transactions / closed.cpuSeconds,
      rssMegabytes: rssBytes / MEGABYTE,
      peakRssMegabytes: (process.resourceUsage().maxRSS * 1024) / MEGABYTE,
    }
  })

export default run
