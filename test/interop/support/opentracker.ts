import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/wait.ts'
import { ForeignProcess } from './foreign-process.ts'

/** Starts Debian's opentracker on loopback. It serves only the torrents that it is told beforehand. @returns its port. */
export async function startOpentracker(folder: string, infohashes: readonly string[]): Promise<number> {
  mkdirSync(folder, { recursive: true })
  // As root it becomes `nobody`, who must be able to read the list.
  chmodSync(folder, 0o755)
  writeFileSync(`${folder}/whitelist`, infohashes.map(infohash => `${infohash}\n`).join(''))
  const port = await freePort()
  const where = ['-i', '127.0.0.1', '-p', String(port), '-P', String(port)]
  const tracker = new ForeignProcess(folder, 'opentracker', [...where, '-d', folder, '-w', 'whitelist'])
  await until('opentracker listens', async () => {
    if (!tracker.running) throw new Error(tracker.log)
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    return true
  })
  return port
}
