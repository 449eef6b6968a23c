import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, type BlockHash, REGTEST, serializeBlock, serializeTransaction } from '@onehop/ledger'
import { bytesToHex, equalBytes, nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import { ChainStore } from '../src/chain-store.ts'
import { Chain, type KeyValueStore, MemoryStorage, type Storage } from '../src/index.ts'
import { MAX_UNFLUSHED_STEPS } from '../src/limits.ts'
import { entryKey } from '../src/store-format.ts'
import { CrashingStorage } from './support/crashing-storage.ts'
import { NaiveReplay } from './support/naive-coins.ts'
import {
  acceptAll,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  OWN_SCRIPT,
  openOptions,
  spendCoinbase,
  tipOf,
} from './support/regtest.ts'
import { writeVersion1 } from './support/version-1.ts'

/** The block whose coins the storage has. */
async function flushedBlock(storage: Storage): Promise<Uint8Array | undefined> {
  return (await ChainStore.open(storage, REGTEST)).coins.flushedBlock
}

async function assertCoinsOf(chain: Chain, blocks: readonly Block[]): Promise<void> {
  const model = new NaiveReplay(GENESIS.hash)
  for (const block of blocks) model.add(block)
  const { hash } = await chain.coinStatistics('hash_serialized_3')
  assert.equal(hash && bytesToHex(hash), model.at(chain.tip.hash).hash())
}

/** Runs no script. */
const refusingVerifier: SignatureVerifier = {
  ...nobleVerifier,
  verifyEcdsa: () => false,
  verifySchnorr: () => false,
}

describe('coins that lag behind the tip', () => {
  it('are worked out again when the chain is opened, without running a script again', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const blocks = makeBranch(GENESIS, 101)
    await acceptAll(chain, blocks)
    const block = makeBlock(tipOf(chain), { transactions: [spendCoinbase(blocks[0] ?? assert.fail())] })
    await acceptAll(chain, [block])
    const killed = storage.next()
    assert.deepEqual(await flushedBlock(killed), GENESIS.hash)
    const reopened = await Chain.open({ ...openOptions, storage: killed, verifier: refusingVerifier })
    assert.equal(reopened.tip.height, 102)
    await assertCoinsOf(reopened, [...blocks, block])
    await reopened.close()
    await chain.close()
  })

  it('find their way from a branch that was left', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const left = makeBranch(GENESIS, 4, 1)
    const taken = makeBranch(GENESIS, 6, 2)
    await acceptAll(chain, left)
    await chain.coinStatistics('none')
    await acceptAll(chain, taken)
    const killed = storage.next()
    assert.deepEqual(await flushedBlock(killed), left.at(-1)?.hash)
    const reopened = await Chain.open({ ...openOptions, storage: killed })
    assert.deepEqual(reopened.tip.hash, taken.at(-1)?.hash)
    await assertCoinsOf(reopened, [...left, ...taken])
    await reopened.close()
    await chain.close()
  })

  it('leave nothing to be settled when they had to come back from a branch', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const common = makeBranch(GENESIS, 101)
    const fork = linkOf(common.at(-1) ?? assert.fail(), 101)
    await acceptAll(chain, [...common, ...makeBranch(fork, 1, 1)])
    await chain.coinStatistics('none')
    await acceptAll(chain, makeBranch(fork, 2, 2))
    const reopened = await Chain.open({ ...openOptions, storage: storage.next() })
    const transaction = spendCoinbase(common[0] ?? assert.fail())
    assert.ok((await reopened.acceptTransaction(serializeTransaction(transaction))).ok)
    assert.equal(reopened.createTemplate(OWN_SCRIPT).transactions.length, 2)
    await reopened.close()
    await chain.close()
  })

  it('do not make the chain forget which of two equal branches it had come to stand on', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const first = makeBranch(GENESIS, 2, 1)
    const second = makeBranch(GENESIS, 2, 2)
    await acceptAll(chain, [...first, ...second])
    const node = chain.headerTree.get(second[1]?.hash ?? GENESIS.hash)
    await chain.preferBlock(node ?? assert.fail())
    const reopened = await Chain.open({ ...openOptions, storage: storage.next() })
    assert.deepEqual(reopened.tip.hash, second[1]?.hash)
    await assertCoinsOf(reopened, second)
    await reopened.close()
    await chain.close()
  })

  it(`do not lag more than ${MAX_UNFLUSHED_STEPS} blocks behind`, async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const blocks = makeBranch(GENESIS, MAX_UNFLUSHED_STEPS + 1)
    await acceptAll(chain, blocks)
    assert.deepEqual(await flushedBlock(storage), blocks[MAX_UNFLUSHED_STEPS - 1]?.hash)
    await chain.close()
    assert.deepEqual(await flushedBlock(storage), blocks.at(-1)?.hash)
  })
})

describe('blocks that wait for each other', () => {
  it('share commits, and each is acknowledged when it is stored', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const blocks = makeBranch(GENESIS, 60)
    const before = storage.batches
    await Promise.all(
      blocks.map(async block => {
        assert((await chain.acceptBlock(serializeBlock(block))).ok)
        assert(storage.values.get(entryKey(block.hash)))
      }),
    )
    assert.equal(chain.tip.height, 60)
    assert(storage.batches - before <= 2, `${storage.batches - before} batches`)
    await chain.close()
  })

  it('can be seen before they are stored, but not by who waits for that', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const isStored = (hash: BlockHash) => storage.values.get(entryKey(hash)) !== undefined
    const accepted = makeBranch(GENESIS, 60).map(block => chain.acceptBlock(serializeBlock(block)))
    const waits: Promise<void>[] = []
    let seenUnstored = 0
    while (chain.tip.height < 60) {
      const { hash } = chain.tip
      if (!isStored(hash)) seenUnstored += 1
      waits.push(chain.durable().then(() => assert(isStored(hash))))
      await Promise.resolve()
    }
    assert(seenUnstored > 0)
    await Promise.all([...accepted, ...waits])
    await chain.close()
  })

  it('are told of in their order, and not before they are stored', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const heard: string[] = []
    chain.on('blockConnected', (_, { height, hash }) => {
      heard.push(`connected ${height}`)
      assert(storage.values.get(entryKey(hash)))
    })
    chain.on('tip', ({ height }) => heard.push(`tip ${height}`))
    await Promise.all(makeBranch(GENESIS, 3).map(block => chain.acceptBlock(serializeBlock(block))))
    assert.deepEqual(heard, ['connected 1', 'tip 1', 'connected 2', 'tip 2', 'connected 3', 'tip 3'])
    await chain.close()
  })
})

/** Looks at something before each read of a value. */
class WatchedStorage implements Storage {
  readonly description = 'watched'
  readonly values: KeyValueStore
  private readonly storage: Storage

  constructor(storage: Storage, onRead: () => void) {
    this.storage = storage
    const { values } = storage
    this.values = {
      get: key => {
        onRead()
        return values.get(key)
      },
      write: changes => values.write(changes),
      entries: prefix => values.entries(prefix),
      diskBytes: prefix => values.diskBytes(prefix),
      close: () => values.close(),
    }
  }

  openFile(name: string) {
    return this.storage.openFile(name)
  }

  removeFile(name: string) {
    return this.storage.removeFile(name)
  }

  close() {
    return this.storage.close()
  }
}

describe('a reorganisation of 1,000 blocks', () => {
  const LIMIT_BYTES = 64 * 1024
  /** One more piece of the table's memory: what a block of these changes is a few hundred bytes. */
  const BLOCK_CHANGES_BYTES = 16 * 1024

  it('needs no more memory for coins than it may have', async function () {
    this.timeout(300_000)
    let mostBytes = 0
    const onRead = () => {
      mostBytes = Math.max(mostBytes, chain?.coinsMemoryBytes ?? 0)
    }
    let chain: Chain | undefined
    const storage = new WatchedStorage(await MemoryStorage.open(), onRead)
    chain = await Chain.open({ ...openOptions, storage, coinsCacheBytes: LIMIT_BYTES })
    const left = makeBranch(GENESIS, 1_000, 1)
    await acceptAll(chain, left)
    const taken = makeBranch(GENESIS, 1_001, 2)
    for (const block of taken.slice(0, -1)) assert((await chain.acceptBlock(serializeBlock(block))).ok)
    assert.deepEqual(chain.tip.hash, left.at(-1)?.hash)
    await acceptAll(chain, taken.slice(-1))
    assert.deepEqual(chain.tip.hash, taken.at(-1)?.hash)
    assert(mostBytes > LIMIT_BYTES / 2, `only ${mostBytes} bytes: nothing was tried`)
    assert(mostBytes <= LIMIT_BYTES + BLOCK_CHANGES_BYTES, `${mostBytes} bytes`)
    await assertCoinsOf(chain, taken)
    await chain.close()
  })
})

describe('a datadir of format 1', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-version-1-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('is read with all that it has confirmed, and becomes one that the older onehop refuses', async () => {
    const base = makeBranch(GENESIS, 101)
    const [first, second] = base
    assert(first && second)
    const fork = linkOf(base.at(-1) ?? assert.fail(), 101)
    const spending = makeBlock(fork, { transactions: [spendCoinbase(first)], fees: 1_000n, extraNonce: 1 })
    const side = makeBranch(fork, 2, 2)
    const [one, two] = side
    assert(one && two)
    await writeVersion1(folder, [...base, spending], [[one, 102]])

    const chain = await Chain.open({ ...openOptions, datadir: folder, verifier: refusingVerifier })
    assert.deepEqual(chain.tip.hash, spending.hash)
    for (const block of [...base, spending, one])
      assert.deepEqual(await chain.getBlockBytes(block.hash), serializeBlock(block))
    await assertCoinsOf(chain, [...base, spending])
    // Its undo data are of use: the chain goes to the other branch and back.
    await acceptAll(chain, [two])
    assert.deepEqual(chain.tip.hash, two.hash)
    await assertCoinsOf(chain, [...base, ...side])
    const back = makeBranch(linkOf(spending, 102), 2, 3)
    await acceptAll(chain, back)
    await assertCoinsOf(chain, [...base, spending, ...back])
    await chain.close()

    const reopened = await Chain.open({ ...openOptions, datadir: folder })
    assert(equalBytes(reopened.tip.hash, back[1]?.hash ?? GENESIS.hash))
    await assertCoinsOf(reopened, [...base, spending, ...back])
    await reopened.close()
  })
})
