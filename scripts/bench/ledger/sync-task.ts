/** Fetches the chain from one peer, another process, over libp2p on loopback: from the dial to the tip. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Chain } from '@onehop/chain'
import { numberOf, textOf } from '../parameters.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { withFolder } from '../with-folder.ts'
import { openBenchChain } from './bench-chain.ts'
import { joinNetwork } from './join-network.ts'
import { openChain } from './open-chain.ts'

const SERVER = fileURLToPath(new URL('sync-server.ts', import.meta.url))

async function startServer(
  chain: string,
): Promise<{ readonly server: ChildProcess; readonly address: string }> {
  const server = fork(SERVER, [chain], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const address = await Promise.race([
    once(server, 'message').then(([message]) => String(message)),
    once(server, 'exit').then(() => Promise.reject(new Error('the server did not start'))),
  ])
  return { server, address }
}

function reached(chain: Chain, height: number): Promise<void> {
  return new Promise(resolve => {
    const stop = chain.on('tip', tip => {
      if (tip.height < height) return
      stop()
      resolve()
    })
  })
}

const run: TaskRun = async parameters => {
  const folder = textOf(parameters, 'chain')
  const bench = openBenchChain(folder)
  const { server, address } = await startServer(folder)
  const gone = once(server, 'exit')
  try {
    return await withFolder(async datadir => {
      const chain = await openChain(datadir, numberOf(parameters, 'threads'))
      const network = await joinNetwork(chain)
      const done = reached(chain, bench.offsets.length - 1)
      const watch = new Stopwatch()
      watch.start()
      await network.connect(address)
      await done
      const { cpuSeconds, wallSeconds } = watch.stop()
      await network.stop()
      await chain.close()
      const transactions = bench.shape.spendBlocks * bench.shape.spendsPerBlock
      return {
        transactionsPerCpuSecond: transactions / cpuSeconds,
        transactionsPerSecond: transactions / wallSeconds,
      }
    })
  } finally {
    server.disconnect()
    await gone
  }
}

export default run
