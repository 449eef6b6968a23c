import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NodeProcess, removeFolder, runCli, temporaryFolder, untilSynced } from './support/node-process.ts'
import { until } from './support/wait.ts'

/**
 * When mining is given up, in ms: a few blocks of 2^24 hashes each take seconds of luck on a machine of one's own, and two
 * minutes and a half were seen on one that twenty others used.
 */
const MINING_LIMIT_MS = 500_000
const WANTED_BLOCKS = 3

interface Header {
  readonly hash: string
  readonly target: string
  readonly previousblockhash: string
}

describe('the network onehop', function () {
  this.timeout(2 * MINING_LIMIT_MS)
  const folder = temporaryFolder('public')
  const nodes: NodeProcess[] = []

  after(async () => {
    await NodeProcess.killAll()
    removeFolder(folder)
  })

  it('grows by real work, which another node follows', async () => {
    const miner = await NodeProcess.start(join(folder, 'miner'), ['--network', 'onehop', '--mine'])
    const follower = await NodeProcess.start(join(folder, 'follower'), [
      ...['--network', 'onehop', '--connect', await miner.address()],
    ])
    nodes.push(miner, follower)
    const height = async () => (await follower.status()).height
    await until('there are blocks', async () => (await height()) >= WANTED_BLOCKS, MINING_LIMIT_MS)
    await miner.call('miner.stop')
    await untilSynced(nodes)
  })

  it('has hashes that show the work, and a target that falls while blocks come early', async () => {
    const [, follower] = nodes as [NodeProcess, NodeProcess]
    const genesis = await follower.call<string>('getblockhash', [0])
    assert.match(genesis, /^000000/)
    const targets: bigint[] = []
    let previous = genesis
    for (let height = 1; height <= WANTED_BLOCKS; height++) {
      const hash = await follower.call<string>('getblockhash', [height])
      const header = await follower.call<Header>('getblockheader', [hash])
      assert.equal(header.previousblockhash, previous)
      targets.push(BigInt(`0x${header.target}`))
      assert.ok(BigInt(`0x${hash}`) <= targets.at(-1)!)
      previous = hash
    }
    assert.ok(targets[2]! < targets[1]!, `${targets}`)
    assert.equal((await follower.call<{ chain: string }>('getblockchaininfo')).chain, 'onehop')
  })

  it('has an overlay that chooses its groups, in which the other node finds content by its words', async () => {
    const [miner, follower] = nodes as [NodeProcess, NodeProcess]
    const path = join(folder, 'roman holiday.txt')
    writeFileSync(path, 'Audrey Hepburn')
    const [item] = await miner.call<{ key: string }[]>('content.publish', { path, words: 'hepburn' })
    const { results } = await follower.call<{ results: { key: string }[] }>('content.search', {
      words: 'holiday hepburn',
    })
    assert.deepEqual(
      results.map(({ key }) => key),
      [item!.key],
    )
    const output = join(folder, 'fetched.txt')
    await follower.call('content.fetch', { key: results[0]!.key, output })
    assert.equal(readFileSync(output, 'utf8'), 'Audrey Hepburn')
    assert.equal((await follower.status()).overlay.k, 1)
  })

  it('has addresses of its own, and proves payments by its own headers', async () => {
    const [miner, follower] = nodes as [NodeProcess, NodeProcess]
    const { address } = await miner.status()
    assert.match(address, /^oh1q/)
    await assert.rejects(
      follower.call('generatetoaddress', [1, 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080']),
      /an address of another network; addresses of onehop begin with oh1/,
    )
    const { tx } = await miner.call<{ tx: string[] }>('getblock', [await miner.call('getblockhash', [1])])
    const proved = await runCli(['tx', 'prove', tx[0]!, '--datadir', miner.datadir])
    const verify = (...args: string[]) =>
      runCli(['tx', 'verify', proved.stdout.trim(), '--datadir', follower.datadir, '--json', ...args])
    const { code, stdout, stderr } = await verify('--network', 'onehop', '--to', address, '--amount', '50')
    assert.equal(code, 0, stderr)
    const { txid, confirmations } = JSON.parse(stdout) as { txid: string; confirmations: number }
    assert.equal(txid, tx[0])
    assert.ok(confirmations >= WANTED_BLOCKS)
    // Regtest's headers are others: the same proof proves nothing there.
    assert.equal((await verify('--network', 'regtest')).code, 6)
  })
})
