import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Block, BlockHeader, type ChainParameters, REGTEST, serializeBlock } from '@onehop/ledger'
import { ByteWriter, equalBytes, utf8Encode } from '@onehop/primitives'
import {
  Chain,
  ChainClosedError,
  DatadirInUseError,
  DiskStorage,
  NewerFormatError,
  StoreCorruptError,
  WrongNetworkError,
} from '../src/index.ts'
import {
  acceptAll,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
  tipOf,
  utxosOf,
} from './support/regtest.ts'

describe('reopening a chain', () => {
  let folder: string
  let datadir: string
  const open = (options: object = {}) => Chain.open({ ...openOptions, datadir, ...options })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-chain-'))
    datadir = join(folder, 'datadir')
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function fill(options: object = {}): Promise<{ blocks: Block[]; utxos: string[] }> {
    const chain = await open(options)
    const blocks = makeBranch(GENESIS, 101)
    await acceptAll(chain, blocks)
    const [first] = blocks
    assert(first)
    const block = makeBlock(tipOf(chain), { transactions: [spendCoinbase(first)], fees: 1_000n })
    await acceptAll(chain, [block])
    const utxos = await utxosOf(chain)
    await chain.close()
    return { blocks: [...blocks, block], utxos }
  }

  it('finds the same tip, coins and blocks', async () => {
    const { blocks, utxos } = await fill()
    const chain = await open()
    assert.equal(chain.tip.height, 102)
    assert.deepEqual(await utxosOf(chain), utxos)
    for (const block of blocks) assert.deepEqual(await chain.getBlockBytes(block.hash), serializeBlock(block))
    assert.equal((await chain.getUndo(chain.tip.hash))?.spent.length, 1)
    await acceptAll(chain, makeBranch(tipOf(chain), 2))
    assert.equal(chain.tip.height, 104)
    await chain.close()
  })

  it('does so over many block files', async () => {
    const { blocks, utxos } = await fill({ maxFileBytes: 5_000 })
    const files = await readdir(join(datadir, 'blocks'))
    assert(files.filter(name => name.startsWith('blk')).length > 5)
    const chain = await open({ maxFileBytes: 5_000 })
    assert.deepEqual(await utxosOf(chain), utxos)
    for (const block of blocks) assert.deepEqual(await chain.getBlockBytes(block.hash), serializeBlock(block))
    await chain.close()
  })

  it('knows the headers it had learned, side branches, and bodies that wait', async () => {
    const first = await open()
    const main = makeBranch(GENESIS, 3, 1)
    const side = makeBranch(GENESIS, 5, 2)
    await acceptAll(first, main)
    assert(first.acceptHeaders(side.map(block => block.header)).ok)
    const [one, two, three, four, five] = side
    assert(one && two && three && four && five)
    await acceptAll(first, [four, two])
    await first.close()

    const second = await open()
    assert.equal(second.tip.height, 3)
    assert.equal(second.headerTree.size, 9)
    assert.equal(second.headerTree.best.height, 5)
    assert.deepEqual(second.blocksToDownload(9), [one.hash, three.hash, five.hash])
    await acceptAll(second, [one, three])
    assert.equal(second.tip.height, 4)
    await second.close()
  })

  it('stays on the branch that was first among equals', async () => {
    const hashes = []
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      datadir = join(folder, `order-${order[0]}`)
      const first = await open()
      for (const extraNonce of order) await acceptAll(first, makeBranch(GENESIS, 2, extraNonce))
      const { hash } = first.tip
      await first.close()
      const second = await open()
      assert(equalBytes(second.tip.hash, hash))
      hashes.push(second.tip.hash)
      await second.close()
    }
    assert.notDeepEqual(hashes[0], hashes[1])
  })

  it('remembers what was invalid', async () => {
    const first = await open()
    const greedy = makeBlock(GENESIS, { fees: 1n })
    assert.equal((await first.acceptBlock(serializeBlock(greedy))).ok, false)
    await first.close()
    const second = await open()
    const again = await second.acceptBlock(serializeBlock(greedy))
    assert.deepEqual(again.ok || [again.code, again.blame], ['duplicate-invalid', 'sender'])
    const child = await second.acceptBlock(serializeBlock(makeBlock(linkOf(greedy, 1))))
    assert.deepEqual(child.ok || child.code, 'bad-prevblk')
    await second.close()
  })

  it('cuts off what a killed process left unfinished', async () => {
    const { utxos } = await fill()
    for (const name of ['blk00000.dat', 'rev00000.dat'])
      await writeFile(join(datadir, 'blocks', name), 'half of a record', { flag: 'a' })
    const chain = await open()
    assert.deepEqual(await utxosOf(chain), utxos)
    await acceptAll(chain, makeBranch(tipOf(chain), 1))
    await chain.close()
    const again = await open()
    assert.equal(again.tip.height, 103)
    await again.close()
  })

  it('says so when acknowledged blocks are gone, or are others', async () => {
    const { blocks } = await fill()
    const file = join(datadir, 'blocks', 'blk00000.dat')
    await writeFile(file, new Uint8Array(200).fill(0xff), { flag: 'r+' })
    const damaged = await open()
    await assert.rejects(damaged.getBlock(REGTEST.genesis.hash), StoreCorruptError)
    const [last] = blocks.slice(-1)
    assert(last)
    assert.notEqual(await damaged.getBlock(last.hash), undefined)
    await damaged.close()
    await truncate(file, 1_000)
    await assert.rejects(open(), StoreCorruptError)
  })

  it('never cuts off blocks because their index was deleted', async () => {
    await fill()
    await rm(join(datadir, 'chainstate'), { recursive: true })
    await assert.rejects(open(), StoreCorruptError)
  })

  it('refuses a datadir of another network, and one of a newer format, in one sentence', async () => {
    await fill()
    const { genesis } = REGTEST
    const header = new BlockHeader({
      ...genesis.header,
      nonce: 7,
      previousBlock: genesis.header.previousBlock,
    })
    const other: ChainParameters = {
      ...REGTEST,
      name: 'othertest',
      genesis: new Block(header, genesis.transactions),
    }
    await assert.rejects(open({ parameters: other }), (error: unknown) => {
      assert(error instanceof WrongNetworkError)
      assert.match(error.message, /belongs to another network than othertest\.$/)
      return true
    })
    const storage = await DiskStorage.open(datadir)
    const value = new ByteWriter().writeUint32(99).toBytes()
    await storage.values.write([{ key: utf8Encode('Mformat'), value }])
    await storage.close()
    await assert.rejects(open(), NewerFormatError)
  })

  it('refuses a datadir that is open, and leaves it unharmed', async () => {
    const chain = await open()
    await assert.rejects(open(), DatadirInUseError)
    await acceptAll(chain, makeBranch(GENESIS, 1))
    await chain.close()
  })

  it('waits at the end for what has begun, and takes nothing after it', async () => {
    const chain = await open()
    const [block] = makeBranch(GENESIS, 1)
    assert(block)
    const accepting = chain.acceptBlock(serializeBlock(block))
    await chain.close()
    await chain.close()
    assert((await accepting).ok)
    await assert.rejects(chain.acceptBlock(serializeBlock(block)), ChainClosedError)
    await assert.rejects(chain.getBlock(block.hash), ChainClosedError)
    assert.throws(() => chain.acceptHeaders([]), ChainClosedError)
    const again = await open()
    assert.equal(again.tip.height, 1)
    await again.close()
  })
})
