import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OVERLAY_NAMES } from '@onehop/classic-overlays'
import { NodeProcess, removeFolder, runCli, temporaryFolder, untilSynced } from './support/node-process.ts'
import { until } from './support/wait.ts'

/** Nodes of each testnet. */
const NODES = 4
const FILE_BYTES = 700_000

interface TestnetReport {
  readonly overlay: string
  readonly nodes: readonly { readonly rpc: string; readonly pid: number; readonly peerId: string }[]
}

interface Found {
  readonly providers: readonly { readonly peerId: string }[]
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

for (const overlay of ['kelips', ...OVERLAY_NAMES]) {
  describe(`a testnet whose overlay is ${overlay}`, () => {
    const folder = temporaryFolder(overlay)
    const datadir = join(folder, 'testnet')
    const environment = { ONEHOP_HOME: join(folder, 'home') }
    const file = join(folder, `roman holiday ${overlay}.bin`)
    let testnet: TestnetReport
    let key = ''

    /** What a command prints as JSON, run as a user would. */
    async function onehop<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await runCli([...args, '--json'], environment)
      assert.equal(code, 0, `onehop ${args.join(' ')}: ${stderr}`)
      return JSON.parse(stdout) as T
    }

    const on = (node: number): string[] => ['--node', String(node)]

    before(async () => {
      writeFileSync(file, randomBytes(FILE_BYTES))
      const flags = ['--overlay', overlay, '--nodes', String(NODES), '--datadir', datadir]
      testnet = await onehop('testnet', 'up', '--detach', '--block-time', '0', ...flags)
      assert.equal(testnet.overlay, overlay)
    })

    after(async () => {
      await NodeProcess.killAll()
      await runCli(['testnet', 'down', '--datadir', datadir], environment)
      removeFolder(folder)
    })

    it('shows the tables of the overlay that it was started with', async () => {
      const tables = await onehop<Record<string, unknown>>('overlay')
      assert.match(String(tables.protocol), new RegExp(`^${overlay}/\\d+$`))
      const status = await onehop<TestnetReport>('testnet', 'status')
      assert.equal(status.overlay, overlay)
      const text = await runCli(['overlay', ...on(2)], environment)
      assert.match(text.stdout, new RegExp(`^protocol +${overlay}/`))
    })

    it('finds what one node publishes from every other, by key and by name', async () => {
      const [item] = await onehop<{ key: string }[]>('publish', file, ...on(2))
      key = item!.key
      await until('the others find it', async () => {
        const found = await Promise.all([1, 3, 4].map(node => onehop<Found>('lookup', key, ...on(node))))
        for (const { providers } of found)
          assert.deepEqual(
            providers.map(({ peerId }) => peerId),
            [testnet.nodes[1]!.peerId],
          )
        const { providers } = await onehop<Found>('lookup', `roman holiday ${overlay}.bin`, ...on(3))
        assert.equal(providers.length, 1)
        return true
      })
    })

    it('finds it by words, and says what is not there', async () => {
      await until('it is found, and nothing else', async () => {
        const words = ['holiday', 'roman', ...on(4)]
        const { results } = await onehop<{ results: { key: string }[] }>('search', ...words)
        assert.deepEqual(
          results.map(found => found.key),
          [key],
        )
        const { code, stderr } = await runCli(['search', 'nowhere', 'roman', ...on(4)], environment)
        assert.equal(code, 4, stderr)
        return true
      })
    })

    it('brings it from one node to another, unchanged', async () => {
      const output = join(folder, 'fetched.bin')
      await onehop('fetch', key, '-o', output, ...on(4))
      assert.equal(sha256(output), sha256(file))
    })

    it('lets a node that listens nowhere offer content, and another such fetch it', async () => {
      const [first] = testnet.nodes
      const { addresses } = await onehop<{ addresses: string[] }>('status', '--rpc', first!.rpc)
      const flags = ['--no-listen', '--overlay', overlay, '--connect', addresses[0]!]
      const [hidden, asking] = await Promise.all(
        ['hidden', 'asking'].map(name => NodeProcess.start(join(folder, name), flags)),
      )
      const path = join(folder, 'secret garden.bin')
      writeFileSync(path, randomBytes(FILE_BYTES))
      const [item] = await hidden!.call<{ key: string }[]>('content.publish', { path })
      const output = join(folder, 'garden.bin')
      await until('the other has fetched it', () => asking!.call('content.fetch', { key: item!.key, output }))
      assert.equal(sha256(output), sha256(path))
    })

    it('finds what a node has when others were killed', async () => {
      process.kill(testnet.nodes[2]!.pid, 'SIGKILL')
      await until('the lookup finds both who have it', async () => {
        const { providers } = await onehop<Found>('lookup', key, ...on(1))
        return providers.length === 2
      })
    })

    it('no longer finds what its providers took back', async () => {
      for (const node of [2, 4]) await onehop('unpublish', key, ...on(node))
      await until('nobody provides it', async () => {
        const { code } = await runCli(['lookup', key, ...on(1)], environment)
        return code === 4
      })
    })

    it('stops, and leaves no process behind', async () => {
      await NodeProcess.killAll()
      const { stopped } = await onehop<{ stopped: string[] }>('testnet', 'down', '--datadir', datadir)
      assert.deepEqual(stopped, ['node1', 'node2', 'node4'])
    })
  })
}

describe('nodes of different overlays on one chain', () => {
  const folder = temporaryFolder('overlays')
  const file = join(folder, 'napoli.bin')
  let kelips: NodeProcess
  let chord: NodeProcess

  async function startChord(name: string): Promise<NodeProcess> {
    return NodeProcess.start(join(folder, name), ['--overlay', 'chord', '--connect', await kelips.address()])
  }

  before(async () => {
    writeFileSync(file, randomBytes(FILE_BYTES))
    kelips = await NodeProcess.start(join(folder, 'kelips'))
    chord = await startChord('chord1')
  })

  after(async () => {
    await NodeProcess.killAll()
    removeFolder(folder)
  })

  it('share the blocks', async () => {
    await chord.call('generatetoaddress', [3, (await chord.status()).address])
    await untilSynced([kelips, chord], 3)
  })

  it('do not find what others have, and say why', async () => {
    await kelips.call('content.publish', { path: file })
    const { code, stderr } = await runCli(['lookup', 'napoli.bin', '--datadir', join(folder, 'chord1')])
    assert.equal(code, 4)
    assert.match(stderr, /This node's only peer does not run chord; it runs kelips\.\n$/)
  })

  it('find each other though all came through a node of another overlay', async () => {
    const other = await startChord('chord2')
    const [item] = await chord.call<{ key: string }[]>('content.publish', { path: file })
    const { peerId } = await chord.status()
    await until('the other one finds it', async () => {
      const { providers } = await other.call<Found>('content.lookup', { key: item!.key })
      return providers.some(provider => provider.peerId === peerId)
    })
    const output = join(folder, 'fetched.bin')
    await other.call('content.fetch', { key: item!.key, output })
    assert.equal(sha256(output), sha256(file))
  })
})
