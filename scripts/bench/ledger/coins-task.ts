/**
 * Fills the coins cache over a store on disk as blocks do, with far more coins than its limit has room for, then reads
 * them in another order. Memory is what the heap and its array buffers hold after a collection, less what they held
 * before; the worst of several looks counts.
 */
import { DiskStorage } from '@onehop/chain'
import { asTxId, type BlockHash, type Coin, type OutPoint, p2wpkhScript } from '@onehop/ledger'
import { assertDefined, sha256 } from '@onehop/primitives'
import { CoinsStore } from '../../../packages/chain/src/coins/coins-store.ts'
import { numberOf } from '../parameters.ts'
import type { TaskRun } from '../suite.ts'
import { withFolder } from '../with-folder.ts'

const MEGABYTE = 1e6
const COINS_PER_BLOCK = 3000
const LOOKS = 10

function outPointOf(number: number): OutPoint {
  const seed = new Uint8Array(4)
  new DataView(seed.buffer).setUint32(0, number)
  return { txid: asTxId(sha256(seed)), index: number % 3 }
}

function coinOf(number: number, { txid }: OutPoint): Coin {
  const output = { value: 1_000_000n + BigInt(number), scriptPubKey: p2wpkhScript(txid.slice(0, 20)) }
  return { output, height: 100 + (number >> 10), coinbase: false }
}

function heldBytes(): number {
  const collect = assertDefined(globalThis.gc, 'tasks run with --expose-gc')
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The worst of the looks at memory. */
class MemoryWatch {
  private readonly heldBefore = heldBytes()
  private readonly rssBefore = process.memoryUsage.rss()
  heldBytes = 0
  rssBytes = 0
  accountedBytes = 0

  look(coins: CoinsStore): void {
    this.accountedBytes = Math.max(this.accountedBytes, coins.memoryBytes)
    this.rssBytes = Math.max(this.rssBytes, process.memoryUsage.rss() - this.rssBefore)
    this.heldBytes = Math.max(this.heldBytes, heldBytes() - this.heldBefore)
  }
}

async function settle(coins: CoinsStore, block: BlockHash): Promise<void> {
  if (coins.mustFlush) await coins.flush(block)
  coins.makeRoom()
}

const run: TaskRun = parameters =>
  withFolder(async folder => {
    const count = numberOf(parameters, 'coins')
    const limitBytes = numberOf(parameters, 'limitBytes')
    const lookEvery = Math.ceil(count / COINS_PER_BLOCK / LOOKS)
    const storage = await DiskStorage.open(folder)
    const watch = new MemoryWatch()
    const coins = new CoinsStore(storage.values, { coinsCacheBytes: limitBytes })
    const hash = sha256(new Uint8Array(1)) as BlockHash
    const inBlocks = async (use: (number: number) => void): Promise<void> => {
      for (let block = 0; block * COINS_PER_BLOCK < count; block++) {
        const end = Math.min(count, (block + 1) * COINS_PER_BLOCK)
        for (let number = block * COINS_PER_BLOCK; number < end; number++) use(number)
        await settle(coins, hash)
        if (block % lookEvery === 0) watch.look(coins)
      }
      watch.look(coins)
    }
    await inBlocks(number => {
      const outPoint = outPointOf(number)
      coins.add(outPoint, coinOf(number, outPoint), false)
    })
    await coins.flush(hash)
    let missing = 0
    await inBlocks(number => {
      if (coins.get(outPointOf((number * 7919) % count)) === undefined) missing++
    })
    if (missing > 0) throw new Error(`${missing} coins are lost`)
    await storage.close()
    return {
      heldToLimit: watch.heldBytes / limitBytes,
      accountedToLimit: watch.accountedBytes / limitBytes,
      rssToLimit: watch.rssBytes / limitBytes,
      limitMegabytes: limitBytes / MEGABYTE,
    }
  })

export default run
