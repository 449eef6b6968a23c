/** Starts a testnet of fake nodes in the folder that is named, and stays: for tests that kill it. */
import { join } from 'node:path'
import { Testnet } from '../../src/testnet/testnet.ts'

await Testnet.start({
  datadir: process.argv[2]!,
  nodes: 2,
  miners: 1,
  blockTimeSeconds: 0,
  firstRpcPort: 39_443,
  detach: false,
  launcher: join(import.meta.dirname, 'fake-node.ts'),
  onPhase: () => undefined,
})
console.log('up')
setInterval(() => undefined, 1000)
