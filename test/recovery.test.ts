import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { freePort } from './support/free-port.ts'
import {
  NodeProcess,
  removeFolder,
  startCluster,
  temporaryFolder,
  untilSynced,
} from './support/node-process.ts'
import { until } from './support/wait.ts'

const DESTINATION = 'bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3'

interface Lookup {
  readonly providers: readonly { readonly peerId: string; readonly addresses: readonly string[] }[]
}

/** Somebody else at a node's old address, if nobody is there yet. */
async function listenAt(address: string): Promise<Server> {
  const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
  const server = createServer(socket => socket.destroy()).listen(port, '127.0.0.1')
  await once(server, 'listening').catch(() => {})
  return server
}

async function peersOf(node: NodeProcess): Promise<string[]> {
  return (await node.call<{ peerId: string }[]>('getpeerinfo')).map(({ peerId }) => peerId)
}

describe('a network whose nodes come and go', () => {
  const folder = temporaryFolder('recovery')

  function subfolder(name: string): string {
    const path = join(folder, name)
    mkdirSync(path)
    return path
  }

  afterEach(() => NodeProcess.killAll())

  after(() => removeFolder(folder))

  it('finds an introducer again that was killed and comes back at another port, and it finds the others', async () => {
    const nodes = await startCluster(subfolder('moved'), 4)
    const introducer = nodes[0]!
    const { peerId } = await introducer.status()
    const oldAddress = await introducer.address()
    const path = join(folder, 'moved.bin')
    writeFileSync(path, randomBytes(10_000))
    const [item] = await introducer.call<{ key: string }[]>('content.publish', { path })
    await until('it has written down whom it knows', () => {
      const saved = readFileSync(join(introducer.datadir, 'peers.json'), 'utf8')
      return (JSON.parse(saved) as unknown[]).length === 3
    })
    await introducer.end('SIGKILL')
    await nodes[1]!.call('generatetoaddress', [3, DESTINATION])

    const squatter = await listenAt(oldAddress)
    await introducer.restart()
    squatter.close()
    const newAddress = await introducer.address()
    assert.notEqual(newAddress, oldAddress)
    await untilSynced(nodes, 3)
    for (const node of nodes.slice(1)) {
      await until('its pointers lead to where it is now', async () => {
        const { providers } = await node.call<Lookup>('content.lookup', { key: item!.key })
        return providers.some(one => one.peerId === peerId && one.addresses.includes(newAddress))
      })
    }
    await introducer.call('generatetoaddress', [1, DESTINATION])
    await untilSynced(nodes, 4)
    const output = join(folder, 'moved-fetched.bin')
    await nodes[3]!.call('content.fetch', { key: item!.key, output })
  })

  it('comes together though the introducer is started last', async () => {
    const port = await freePort()
    const listen = `/ip4/127.0.0.1/tcp/${port}`
    const waiting = await Promise.all(
      [1, 2, 3].map(i => NodeProcess.start(join(folder, `waiting${i}`), ['--connect', listen])),
    )
    await waiting[0]!.call('generatetoaddress', [2, DESTINATION])
    const introducer = await NodeProcess.start(join(folder, 'late'), ['--listen', listen])
    const nodes = [introducer, ...waiting]
    await untilSynced(nodes, 2)
    const path = join(folder, 'late.bin')
    writeFileSync(path, randomBytes(10_000))
    const [item] = await waiting[1]!.call<{ key: string }[]>('content.publish', { path })
    for (const node of nodes) {
      await until('every node finds it', async () => {
        const { providers } = await node.call<Lookup>('content.lookup', { key: item!.key })
        return providers.length === 1
      })
    }
  })

  it('takes a node back that was killed and lost its peers, under its old name and with fresh words', async () => {
    const nodes = await startCluster(subfolder('same'), 3)
    const last = nodes[2]!
    const before = await last.status()
    for (let round = 0; round < 2; round++) {
      await last.end('SIGKILL')
      await last.restart(['--connect', await nodes[0]!.address()])
    }
    const after = await last.status()
    assert.equal(after.peerId, before.peerId)
    const address = await last.address()
    const path = join(folder, 'same.bin')
    writeFileSync(path, randomBytes(10_000))
    const [item] = await last.call<{ key: string }[]>('content.publish', { path })
    for (const node of nodes.slice(0, 2)) {
      await until('it is found where it is now', async () => {
        const { providers } = await node.call<Lookup>('content.lookup', { key: item!.key })
        return providers.some(one => one.peerId === after.peerId && one.addresses.includes(address))
      })
    }
    await until('it is connected again', async () => (await peersOf(nodes[0]!)).includes(after.peerId))
  })

  it('becomes one again after a partition in which both halves went on', async () => {
    const nodes = await startCluster(subfolder('halves'), 4)
    const ids = await Promise.all(nodes.map(async node => (await node.status()).peerId))
    const setBans = (command: 'add' | 'remove') =>
      Promise.all(
        nodes.flatMap((node, i) =>
          nodes.map((_, j) => (i % 2 === j % 2 ? undefined : node.call('setban', [ids[j], command]))),
        ),
      )
    await setBans('add')
    await until('the network is in two halves', async () => {
      const peers = await Promise.all(nodes.map(peersOf))
      return peers.every((known, i) => known.every(id => ids.indexOf(id) % 2 === i % 2))
    })
    const path = join(folder, 'halves.bin')
    writeFileSync(path, randomBytes(10_000))
    const [item] = await nodes[0]!.call<{ key: string }[]>('content.publish', { path })
    await nodes[0]!.call('generatetoaddress', [2, DESTINATION])
    await nodes[1]!.call('generatetoaddress', [3, DESTINATION])
    await setBans('remove')
    await untilSynced(nodes, 3)
    for (const node of nodes) {
      await until('every node finds what one half published', async () => {
        const { providers } = await node.call<Lookup>('content.lookup', { key: item!.key })
        return providers.length === 1
      })
    }
  })
})
