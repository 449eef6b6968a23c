/** Takes all spends of the chain into the mempool, from bytes. */
import { parseBlock, serializeTransaction } from '@onehop/ledger'
import { numberOf, textOf } from '../parameters.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { withFolder } from '../with-folder.ts'
import { openBenchChain, readBlocks } from './bench-chain.ts'
import { openPrepared } from './open-chain.ts'

const run: TaskRun = parameters =>
  withFolder(async folder => {
    const bench = openBenchChain(textOf(parameters, 'chain'))
    const chain = await openPrepared(folder, bench, numberOf(parameters, 'threads'))
    const transactions = readBlocks(bench, bench.setupBlocks).flatMap(bytes =>
      parseBlock(bytes)
        .transactions.slice(1)
        .map(transaction => serializeTransaction(transaction)),
    )
    const watch = new Stopwatch()
    watch.start()
    for (const bytes of transactions) {
      const verdict = await chain.acceptTransaction(bytes)
      if (!verdict.ok) throw new Error(`a transaction was refused: ${verdict.code}`)
    }
    const { cpuSeconds, wallSeconds } = watch.stop()
    await chain.close()
    return {
      transactionsPerCpuSecond: transactions.length / cpuSeconds,
      transactionsPerSecond: transactions.length / wallSeconds,
    }
  })

export default run
