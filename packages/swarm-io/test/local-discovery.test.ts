import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { infohashOfV2, LOCAL_GROUPS } from '@onehop/swarm'
import { SwarmSession } from '@onehop/swarm-io'

/** Whether a packet to the group comes back on loopback: there are machines without multicast. */
async function hasMulticast(): Promise<boolean> {
  const { host, port } = LOCAL_GROUPS[4]
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    socket.bind(port)
    await once(socket, 'listening')
    socket.addMembership(host, '127.0.0.1')
    socket.setMulticastInterface('127.0.0.1')
    socket.send('probe', port, host)
    await once(socket, 'message', { signal: AbortSignal.timeout(2000) })
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

describe('the local network', () => {
  let folder = ''
  const sessions: SwarmSession[] = []

  before(async function () {
    if (await hasMulticast()) folder = await mkdtemp(join(tmpdir(), 'onehop-local-'))
    else this.skip()
  })

  after(async () => {
    await Promise.all(sessions.map(session => session.close()))
    if (folder !== '') await rm(folder, { recursive: true })
  })

  async function open(name: string): Promise<SwarmSession> {
    const session = new SwarmSession({
      resumeDir: join(folder, name),
      tcp: { port: 0 },
      localDiscovery: true,
    })
    sessions.push(session)
    await session.start()
    return session
  }

  it('brings a hybrid to who knows its v2 infohash only', async () => {
    const path = join(folder, 'hybrid')
    await writeFile(path, Buffer.alloc(300_000, 'a hybrid'))
    const [seed, fetcher] = [await open('hybrid-seed'), await open('hybrid-fetcher')]
    const { infohashV2 } = await seed.seed(path, { version: 'hybrid' })
    const wanted = { infohash: infohashOfV2(infohashV2!), infohashV2: infohashV2! }
    const fetched = await fetcher.fetch(wanted, { outputDir: join(folder, 'fetched') })
    assert.deepEqual(await readFile(fetched.path), await readFile(path))
  })

  it('brings a torrent to who knows nothing but its infohash (BEP 14)', async () => {
    const path = join(folder, 'shared')
    await writeFile(path, Buffer.alloc(300_000, 'content'))
    const [seed, fetcher] = [await open('seed'), await open('fetcher')]
    const { infohash } = await seed.seed(path)
    const fetched = await fetcher.fetch({ infohash }, { outputDir: join(folder, 'fetched') })
    assert.deepEqual(await readFile(fetched.path), await readFile(path))
  })
})
