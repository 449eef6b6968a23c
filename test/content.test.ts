import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NodeProcess, removeFolder, startCluster, temporaryFolder } from './support/node-process.ts'
import { until } from './support/wait.ts'

const MIB = 1024 * 1024

interface Published {
  readonly key: string
  readonly name: string
  readonly acknowledgements: number
}

interface Lookup {
  readonly providers: readonly { readonly peerId: string; readonly expiresAt: number }[]
  readonly hops: number
  readonly attempts: number
}

interface Fetched {
  readonly path: string
  readonly bytes: number
  readonly pieces: number
  readonly providers: readonly string[]
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

describe('content on eight processes', () => {
  const folder = temporaryFolder('content')
  let nodes: NodeProcess[] = []
  const published: { key: string; name: string; publisher: number }[] = []

  function file(name: string, bytes: number): string {
    const path = join(folder, name)
    writeFileSync(path, randomBytes(bytes))
    return path
  }

  async function publish(node: number, path: string): Promise<Published> {
    const [item] = await nodes[node]!.call<Published[]>('content.publish', { path })
    assert.ok(item)
    return item
  }

  before(async () => {
    nodes = await startCluster(folder, 8)
  })

  after(async () => {
    await NodeProcess.killAll()
    removeFolder(folder)
  })

  it('finds every key from every node in at most one hop, at once after it was published', async () => {
    for (const publisher of nodes.keys()) {
      const item = await publish(publisher, file(`file-${publisher}.bin`, 1000 + publisher))
      assert.ok(item.acknowledgements >= 1, 'somebody confirmed')
      published.push({ key: item.key, name: item.name, publisher })
    }
    for (const { key, name, publisher } of published) {
      const { peerId } = await nodes[publisher]!.status()
      for (const node of nodes) {
        for (const reference of [key, name]) {
          const found = await node.call<Lookup>('content.lookup', { key: reference })
          assert.deepEqual(
            found.providers.map(provider => provider.peerId),
            [peerId],
          )
          assert.ok(found.hops <= 1, `${found.hops} hops`)
        }
      }
    }
  })

  it('says that it found nothing where there is nothing', async () => {
    const error = await nodes[3]!
      .call('content.lookup', { key: 'no-such-name.bin' })
      .then(() => undefined)
      .catch((failure: { code: number; message: string }) => failure)
    assert.equal(error?.code, -40)
  })

  it('no longer finds what its only provider took back', async () => {
    const { key } = await publish(2, file('taken-back.bin', 2000))
    await nodes[6]!.call('content.lookup', { key })
    await nodes[2]!.call('content.remove', { key })
    for (const reference of [key, 'taken-back.bin']) {
      const answers = await Promise.all(
        nodes.map(node =>
          node.call('content.lookup', { key: reference }).then(
            () => 'found',
            (failure: { code: number }) => failure.code,
          ),
        ),
      )
      assert.deepEqual(answers, Array(nodes.length).fill(-40))
    }
  })

  it('fetches a file by its name, and the fetcher provides it too', async () => {
    const source = file('shared.bin', 3 * MIB + 17)
    const { key } = await publish(0, source)
    const output = join(folder, 'fetched-by-name.bin')
    const fetched = await nodes[5]!.call<Fetched>('content.fetch', { key: 'shared.bin', output })
    assert.equal(fetched.bytes, 3 * MIB + 17)
    assert.equal(fetched.pieces, 13)
    assert.equal(sha256(fetched.path), sha256(source))
    await until('two providers are found', async () => {
      const { providers } = await nodes[2]!.call<Lookup>('content.lookup', { key })
      return providers.length === 2
    })
  })

  it('completes a download although one of the providers lies about its data', async () => {
    const source = file('contested.bin', 12 * MIB)
    const expected = sha256(source)
    const { key } = await publish(1, source)
    const helper = join(folder, 'helper.bin')
    const liar = join(folder, 'liar.bin')
    await nodes[2]!.call('content.fetch', { key, output: helper })
    await nodes[4]!.call('content.fetch', { key, output: liar })
    writeFileSync(liar, randomBytes(12 * MIB))
    await until('three providers are known', async () => {
      const { providers } = await nodes[6]!.call<Lookup>('content.lookup', { key })
      return providers.length === 3
    })

    const output = join(folder, 'from-three.bin')
    const fetched = await nodes[6]!.call<Fetched>('content.fetch', { key, output })
    assert.equal(sha256(fetched.path), expected)
    assert.ok(!fetched.providers.includes((await nodes[4]!.status()).peerId), 'nothing came from the liar')
    assert.ok(fetched.providers.length >= 1)
  })

  it('continues an interrupted download after kill -9', async () => {
    const source = file('large.bin', 96 * MIB)
    const { key } = await publish(0, source)
    const output = join(folder, 'resumed.bin')
    const interrupted = nodes[7]!.call('content.fetch', { key, output }).catch(() => undefined)
    await until('some pieces have arrived', async () => {
      const list = await nodes[7]!.call<{ key: string; piecesDone: number }[]>('content.list')
      return (list.find(item => item.key === key)?.piecesDone ?? 0) > 10
    })
    await nodes[7]!.end('SIGKILL')
    await interrupted
    await nodes[7]!.restart(['--connect', await nodes[0]!.address()])
    const fetched = await nodes[7]!.call<Fetched>('content.fetch', { key, output })
    assert.equal(sha256(fetched.path), sha256(source))
  })

  it('forgets the pointers of a provider that died, and keeps those of the living', async () => {
    const victim = published[3]!
    await nodes[victim.publisher]!.end('SIGKILL')
    const others = nodes.filter((_, i) => i !== victim.publisher)
    await until(
      'nobody answers with the dead provider',
      async () => {
        const answers = await Promise.all(
          others.map(node =>
            node.call<Lookup>('content.lookup', { key: victim.key }).then(
              found => found.providers.length,
              () => 0,
            ),
          ),
        )
        return answers.every(count => count === 0)
      },
      120_000,
    )
    for (const { key, publisher } of published) {
      if (publisher === victim.publisher) continue
      const found = await others[0]!.call<Lookup>('content.lookup', { key })
      assert.ok(found.providers.length >= 1)
    }
  })
})
