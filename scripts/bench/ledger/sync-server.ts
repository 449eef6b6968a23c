/** A process that serves the chain of its first argument to peers, and tells its parent its address. */

import { withFolder } from '../with-folder.ts'
import { openBenchChain, readBlocks } from './bench-chain.ts'
import { joinNetwork } from './join-network.ts'
import { acceptBlocks, openChain } from './open-chain.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined || process.send === undefined)
  throw new Error('sync-server.ts is started by sync-task.ts')
await withFolder(async datadir => {
  const chain = await openChain(datadir, 1)
  await acceptBlocks(chain, readBlocks(openBenchChain(folder), 0))
  const network = await joinNetwork(chain)
  const parentLeft = new Promise(resolve => process.once('disconnect', resolve))
  process.send?.(network.addresses()[0])
  await parentLeft
  await network.stop()
  await chain.close()
})
