/** A process that offers the file of its first argument over TCP, and tells its parent the port. */
import { SwarmSession } from '@onehop/swarm-io'

const [file, resumeDir] = process.argv.slice(2) as [string, string]
const session = new SwarmSession({ resumeDir, tcp: { port: 0 } })
await session.start()
await session.restore()
await session.seed(file)
process.send!({ port: session.btPort })
process.once('disconnect', () => process.exit())
