import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NodeOptions, type OnehopNode, startNode } from '@onehop/node'

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
})
