import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NodeOptions, type OnehopNode, startNode } from '@onehop/node'
import type { LookupResult } from '@onehop/rpc'
import { until } from './support/wait.ts'

/** More than one relayed connection carries at once in one window. */
const FILE_BYTES = 6_000_000

describe('content of a node that listens nowhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-relayed-'))
  const nodes: OnehopNode[] = []

  async function start(options: NodeOptions): Promise<OnehopNode> {
    const node = await startNode({ inMemory: true, ...options })
    nodes.push(node)
    return node
  }

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map(node => node.stop()))
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  it('comes to another such node through a third', async () => {
    const middle = await start({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const connect = middle.status().addresses
    const hidden = await start({ listen: [], connect })
    const asking = await start({ listen: [], connect })
    const path = join(folder, 'hidden.bin')
    writeFileSync(path, randomBytes(FILE_BYTES))
    const [item] = await hidden.call<{ key: string }[]>('content.publish', { path })
    const output = join(folder, 'fetched.bin')
    const fetched = await asking.call<{ providers: string[] }>('content.fetch', { key: item!.key, output })
    assert.deepEqual(fetched.providers, [hidden.status().peerId])
    assert.ok(readFileSync(output).equals(readFileSync(path)))
  })

  it('is found at its new address when a relay of its provider goes', async () => {
    const first = await start({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const connect = first.status().addresses
    const others = await Promise.all(
      [1, 2, 3].map(() => start({ listen: ['/ip4/127.0.0.1/tcp/0'], connect })),
    )
    const hidden = await start({ listen: [], connect })
    const path = join(folder, 'moving.bin')
    writeFileSync(path, randomBytes(1000))
    const [item] = await hidden.call<{ key: string }[]>('content.publish', { path })
    const relays = () => hidden.status().addresses
    await until('it has two relays', () => relays().length === 2)
    const isRelay = (node: OnehopNode) => relays().some(address => address.includes(node.status().peerId))
    const lost = [...others, first].find(isRelay)!
    const asking = others.find(node => node !== lost)!
    const lostId = lost.status().peerId
    await lost.stop()
    await until('its pointer leads where it is', async () => {
      const { providers } = await asking.call<LookupResult>('content.lookup', { key: item!.key })
      const found = new Set(providers[0]?.addresses)
      return relays().length === 2 && !relays().some(each => each.includes(lostId)) && equal(found, relays())
    })
  })
})

function equal(found: ReadonlySet<string>, wanted: readonly string[]): boolean {
  return found.size === wanted.length && wanted.every(each => found.has(each))
}
