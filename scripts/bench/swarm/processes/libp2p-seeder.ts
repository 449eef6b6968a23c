/** A process that offers the file of its first argument over libp2p, and tells its parent its address. */
import { join } from 'node:path'
import { SwarmSession } from '@onehop/swarm-io'
import { startNetwork } from './swarm-network.ts'

const [file, folder] = process.argv.slice(2) as [string, string]
const session = new SwarmSession({ resumeDir: join(folder, 'resume') })
await session.start()
await session.restore()
await session.seed(file)
const network = await startNetwork(folder, connection => session.accept(connection))
process.send!({ seeder: { peerId: network.peerId, addresses: network.addresses() } })
process.once('disconnect', () => process.exit())
