import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  encodeMempoolFile,
  MEMPOOL_EXPIRY_SECONDS,
  MempoolFileReader,
  type SavedTransaction,
  txIdToHex,
} from '@onehop/ledger'
import { type NodeOptions, type OnehopNode, startNode } from '../src/index.ts'

const STRANGER = 'bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3'

const mempoolOf = (...transactions: SavedTransaction[]) => ({ transactions, feeDeltas: [] })

interface MempoolInfo {
  readonly loaded: boolean
  readonly size: number
}

describe('the mempool of a node on disk', function () {
  this.timeout(30_000)
  let folder: string
  let datadir: string
  let node: OnehopNode

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onehop-mempool-'))
    datadir = join(folder, 'node')
    node = await start()
  })
  afterEach(async () => {
    await node.stop()
    rmSync(folder, { recursive: true })
  })

  const start = (options: NodeOptions = {}) =>
    startNode({ datadir, peerToPeer: false, rpcPort: 0, logLevel: 'warn', ...options })

  async function restart(options?: NodeOptions): Promise<void> {
    await node.stop()
    node = await start(options)
  }

  async function whenLoaded(): Promise<MempoolInfo> {
    for (;;) {
      const info = await node.call<MempoolInfo>('getmempoolinfo')
      if (info.loaded) return info
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  async function fill(count: number): Promise<string[]> {
    const { address } = node.status()
    await node.call('generatetoaddress', [100 + count, address])
    const txids: string[] = []
    for (let i = 0; i < count; i++) {
      const { txid } = await node.call<{ txid: string }>('wallet.send', {
        address: STRANGER,
        amountSats: 10_000 + i,
      })
      txids.push(txid)
    }
    return txids
  }

  const log = () => readFileSync(join(datadir, 'debug.log'), 'utf8')

  it('is there again after a restart, with its times and priorities', async () => {
    const txids = await fill(3)
    await node.call('prioritisetransaction', [txids[1], 0, 5_000])
    const before = await node.call('getrawmempool', [true])
    await restart()
    assert.equal((await whenLoaded()).size, 3)
    assert.deepEqual(await node.call('getrawmempool', [true]), before)
  })

  it('begins empty, with a line in the log, when its file is damaged', async () => {
    await fill(1)
    await node.stop()
    const path = join(datadir, 'mempool.dat')
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length - 20))
    node = await start()
    await whenLoaded()
    assert.match(log(), /a saved mempool could not be read to its end/)
    await node.stop()
    writeFileSync(path, 'nonsense')
    node = await start()
    assert.equal((await whenLoaded()).size, 0)
    assert.match(log(), /the file has version/)
  })

  it('forgets what had waited for too long', async () => {
    await fill(2)
    await node.stop()
    const path = join(datadir, 'mempool.dat')
    const reader = new MempoolFileReader(readFileSync(path))
    const [first, second] = reader.readTransactions(2)
    const aged = { ...first!, time: first!.time - MEMPOOL_EXPIRY_SECONDS }
    writeFileSync(path, Buffer.concat([...encodeMempoolFile(mempoolOf(aged, second!), new Uint8Array(8))]))
    node = await start()
    await whenLoaded()
    assert.deepEqual(await node.call('getrawmempool'), [txIdToHex(second!.transaction.txid)])
  })

  it('is saved and taken in on demand', async () => {
    const txids = await fill(2)
    const [{ filename }] = (await Promise.all(
      Array.from({ length: 5 }, () => node.call<{ filename: string }>('savemempool')),
    )) as [{ filename: string }, ...unknown[]]
    assert.equal(filename, join(datadir, 'mempool.dat'))
    const copy = join(folder, 'copy.dat')
    writeFileSync(copy, readFileSync(filename))
    await node.stop()
    rmSync(filename)
    node = await start()
    assert.equal((await whenLoaded()).size, 0)
    assert.deepEqual(await node.call('importmempool', [copy]), {})
    assert.deepEqual((await node.call<string[]>('getrawmempool')).sort(), txids.sort())
    await assert.rejects(
      node.call('importmempool', [join(folder, 'none.dat')]),
      /Unable to import mempool file/,
    )
    assert.equal(existsSync(`${filename}.new`), false)
  })
})
