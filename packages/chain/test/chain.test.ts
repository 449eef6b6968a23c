import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Block,
  blockHashToHex,
  type HeaderNode,
  REGTEST,
  serializeBlock,
  serializeTransaction,
  type Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { equalBytes, nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import { Chain, MemoryStorage } from '../src/index.ts'
import {
  acceptAll,
  activeBlocks,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  OWN_SCRIPT,
  openOptions,
  solve,
  spend,
  spendCoinbase,
  tipOf,
  utxosOf,
} from './support/regtest.ts'

const MATURE = 101

const hex = (block: { readonly hash: HeaderNode['hash'] }) => blockHashToHex(block.hash)

/** What the chain's listeners were told, in order. */
function recordEvents(chain: Chain): string[] {
  const events: string[] = []
  chain.on('blockConnected', (_, node) => events.push(`+${node.height}`))
  chain.on('blockDisconnected', (_, node) => events.push(`-${node.height}`))
  chain.on('tip', node => events.push(`tip ${node.height}`))
  chain.on('transaction', () => events.push('transaction'))
  chain.on('transactionRemoved', () => events.push('removed'))
  return events
}

async function assertReplayAgrees(chain: Chain): Promise<void> {
  const replay = await Chain.open(openOptions)
  await acceptAll(replay, await activeBlocks(chain))
  assert.deepEqual(await utxosOf(chain), await utxosOf(replay))
  await replay.close()
}

function describeChain(name: string, datadirOf: (folder: string) => string | undefined): void {
  describe(name, () => {
    let folder: string
    let chain: Chain

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'onehop-chain-'))
      const datadir = datadirOf(folder)
      chain = await Chain.open(datadir === undefined ? openOptions : { ...openOptions, datadir })
    })
    afterEach(async () => {
      await chain.close()
      await rm(folder, { recursive: true })
    })

    const accept = (block: Block) => chain.acceptBlock(serializeBlock(block))
    const send = (transaction: Transaction) => chain.acceptTransaction(serializeTransaction(transaction))

    it('begins with the first block of the network', async () => {
      assert.equal(chain.tip.height, 0)
      assert.equal(hex(chain.tip), hex(REGTEST.genesis))
      assert.deepEqual(await chain.getBlockBytes(REGTEST.genesis.hash), serializeBlock(REGTEST.genesis))
      assert.deepEqual(await utxosOf(chain), [])
    })

    it('grows by 110 blocks of its own templates', async () => {
      for (let i = 0; i < 110; i++) {
        const verdict = await accept(solve(chain.createTemplate(OWN_SCRIPT)))
        assert(verdict.ok)
      }
      assert.equal(chain.tip.height, 110)
      assert.equal((await utxosOf(chain)).length, 110)
      const block = await chain.getBlock(chain.tip.hash)
      assert.equal(block && hex(block), hex(chain.tip))
    })

    it('spends a mature coinbase, and knows what was spent', async () => {
      const blocks = makeBranch(GENESIS, MATURE)
      await acceptAll(chain, blocks)
      const [first] = blocks
      assert(first)
      const payment = spendCoinbase(first)
      assert((await send(payment)).ok)
      const mined = solve(chain.createTemplate(OWN_SCRIPT))
      assert.equal(mined.transactions.length, 2)
      assert((await accept(mined)).ok)
      assert.equal(chain.mempool.size, 0)
      const spentOutpoint = payment.inputs[0]?.previousOutput
      assert(spentOutpoint)
      assert.equal(chain.getCoin(spentOutpoint), undefined)
      assert.equal(chain.getCoin({ txid: payment.txid, index: 0 })?.height, MATURE + 1)
      const undo = await chain.getUndo(mined.hash)
      assert.equal(undo?.spent.length, 1)
      assert.equal(undo?.spent[0]?.[0]?.height, 1)
      const found = await chain.findTransaction(payment.txid)
      assert.equal(found?.node.height, MATURE + 1)
      assert(equalBytes(found.transaction.txid, payment.txid))
      assert.equal(await chain.findTransaction(spentOutpoint.txid), undefined)
    })

    it('refuses a double spend that pays no more in the mempool, and any in a block', async () => {
      const blocks = makeBranch(GENESIS, MATURE)
      await acceptAll(chain, blocks)
      const [first] = blocks
      assert(first)
      const one = spendCoinbase(first, 2_001n)
      const other = spendCoinbase(first, 2_000n)
      assert((await send(one)).ok)
      const conflict = await send(other)
      assert.deepEqual(conflict.ok || [conflict.code, conflict.blame], ['insufficient fee', 'nobody'])
      assert((await accept(makeBlock(tipOf(chain), { transactions: [other], fees: 2_000n }))).ok)
      assert.equal(chain.mempool.size, 0)
      const late = await send(one)
      assert.deepEqual(late.ok || late.code, 'bad-txns-inputs-missingorspent')
      const tip = chain.tip
      const block = await accept(makeBlock(tipOf(chain), { transactions: [one] }))
      assert.deepEqual(block.ok || [block.code, block.blame], ['bad-txns-inputs-missingorspent', 'sender'])
      assert.equal(chain.tip, tip)
    })

    it('replaces a waiting transaction by one that pays more, and says so', async () => {
      const blocks = makeBranch(GENESIS, MATURE)
      await acceptAll(chain, blocks)
      const [one, other] = [1_000n, 2_000n].map(fee => spendCoinbase(blocks[0]!, fee))
      assert(one && other)
      assert((await send(one)).ok)
      const removed: string[] = []
      chain.on('transactionRemoved', ({ txid }, reason) => removed.push(`${reason} ${txIdToHex(txid)}`))
      assert((await send(other)).ok)
      assert.deepEqual(removed, [`replaced ${txIdToHex(one.txid)}`])
      assert.equal(chain.mempool.has(other.txid), true)
    })

    it('reorganises to the branch with more work, coins and mempool with it', async () => {
      const base = makeBranch(GENESIS, MATURE)
      await acceptAll(chain, base)
      const [first, second] = base
      assert(first && second)
      const fork = tipOf(chain)
      const before = await utxosOf(chain)
      const kept = spendCoinbase(first)
      const shared = spendCoinbase(second)
      assert((await send(kept)).ok)
      assert((await send(shared)).ok)
      assert((await accept(solve(chain.createTemplate(OWN_SCRIPT)))).ok)
      const child = spend({ txid: kept.txid, index: 0 }, kept.outputs[0]?.value ?? 0n)
      assert((await accept(makeBlock(tipOf(chain), { transactions: [child] }))).ok)
      assert.equal(chain.mempool.size, 0)

      const events = recordEvents(chain)
      const branchStart = makeBlock(fork, { transactions: [shared], extraNonce: 5 })
      const branch = [branchStart, ...makeBranch(linkOf(branchStart, fork.height + 1), 2, 5)]
      await acceptAll(chain, branch)
      assert.equal(hex(chain.tip), hex(branch[2] ?? REGTEST.genesis))
      assert.deepEqual(events, [
        '-103',
        '-102',
        '+102',
        '+103',
        '+104',
        'transaction',
        'transaction',
        'tip 104',
      ])
      assert(chain.mempool.has(kept.txid))
      assert(chain.mempool.has(child.txid))
      assert.equal(chain.mempool.size, 2)
      assert.equal((await utxosOf(chain)).length, before.length + 3)
      await assertReplayAgrees(chain)

      // What came back is mined on the new branch.
      assert((await accept(solve(chain.createTemplate(OWN_SCRIPT)))).ok)
      assert.equal(chain.mempool.size, 0)
      await assertReplayAgrees(chain)
    })

    it('drops from the mempool what a reorganisation of everything makes impossible', async () => {
      const base = makeBranch(GENESIS, MATURE)
      await acceptAll(chain, base)
      const [first] = base
      assert(first)
      assert((await send(spendCoinbase(first))).ok)
      const events = recordEvents(chain)
      await acceptAll(chain, makeBranch(GENESIS, MATURE + 1, 9))
      assert.equal(chain.tip.height, MATURE + 1)
      assert.equal(events.length, MATURE + MATURE + 1 + 2)
      assert.deepEqual(events.slice(-2), ['removed', `tip ${MATURE + 1}`])
      assert.equal(chain.mempool.size, 0)
      assert.equal((await utxosOf(chain)).length, MATURE + 1)
    })

    it('stays on the first of two branches of equal work', async () => {
      const [first] = makeBranch(GENESIS, 1, 1)
      const [second] = makeBranch(GENESIS, 1, 2)
      assert(first && second)
      assert.equal(chain.hasBlock(second.hash), false)
      await acceptAll(chain, [first, second])
      assert.equal(hex(chain.tip), hex(first))
      assert.equal(chain.hasBlock(second.hash), true)
      assert.deepEqual(await chain.getBlockBytes(second.hash), serializeBlock(second))
    })

    it('goes back to the best valid chain when a branch turns out to be invalid in its middle', async () => {
      const main = makeBranch(GENESIS, 3, 1)
      await acceptAll(chain, main)
      const utxos = await utxosOf(chain)
      const good = makeBlock(GENESIS, { extraNonce: 2 })
      const greedy = makeBlock(linkOf(good, 1), { extraNonce: 2, fees: 1n })
      const rest = makeBranch(linkOf(greedy, 2), 2, 2)
      const [third, fourth] = rest
      assert(third && fourth)
      await acceptAll(chain, [good, greedy, third])
      const verdict = await accept(fourth)
      assert.deepEqual(verdict.ok || [verdict.code, verdict.blame], ['bad-prevblk', 'sender'])
      assert.equal(hex(chain.tip), hex(main[2] ?? good))
      assert.deepEqual(await utxosOf(chain), utxos)
      const again = await accept(greedy)
      assert.deepEqual(again.ok || again.code, 'duplicate-invalid')
      const onTop = await accept(makeBlock(linkOf(fourth, 4)))
      assert.deepEqual(onTop.ok || onTop.code, 'bad-prevblk')
      // The valid part of the branch can still win.
      await acceptAll(chain, makeBranch(linkOf(good, 1), 3, 3))
      assert.equal(chain.tip.height, 4)
      await assertReplayAgrees(chain)
    })

    it('takes the valid part of a branch where that alone has more work', async () => {
      const [main] = makeBranch(GENESIS, 1, 1)
      assert(main)
      await acceptAll(chain, [main])
      const good = makeBranch(GENESIS, 2, 2)
      const [, goodTip] = good
      assert(goodTip)
      const greedy = makeBlock(linkOf(goodTip, 2), { fees: 1n })
      const top = makeBlock(linkOf(greedy, 3))
      // Bodies in the wrong order, so that the whole branch becomes connectable at once.
      const headers = [...good, greedy, top].map(block => block.header)
      assert(chain.acceptHeaders(headers).ok)
      for (const block of [top, greedy, goodTip]) assert((await accept(block)).ok)
      assert.equal(hex(chain.tip), hex(main))
      assert((await accept(good[0] ?? main)).ok)
      assert.equal(hex(chain.tip), hex(goodTip))
      assert.equal(chain.headerTree.best, chain.tip)
    })

    it('stores bodies that come before their parents’ and connects them in order', async () => {
      const blocks = makeBranch(GENESIS, 5)
      assert(chain.acceptHeaders(blocks.map(block => block.header)).ok)
      const wanted = () => chain.blocksToDownload(100).map(hash => blockHashToHex(hash))
      assert.deepEqual(wanted(), blocks.map(hex))
      assert.deepEqual(chain.blocksToDownload(2).length, 2)
      const events = recordEvents(chain)
      const [one, two, three, four, five] = blocks
      assert(one && two && three && four && five)
      for (const block of [three, two, five]) assert((await accept(block)).ok)
      assert.deepEqual(wanted(), [hex(one), hex(four)])
      assert.deepEqual(events, [])
      assert((await accept(one)).ok)
      assert.deepEqual(events, ['+1', '+2', '+3', 'tip 3'])
      assert((await accept(four)).ok)
      assert.deepEqual(events, ['+1', '+2', '+3', 'tip 3', '+4', '+5', 'tip 5'])
      assert.deepEqual(wanted(), [])
      await assertReplayAgrees(chain)
    })

    it('takes a block twice without complaint', async () => {
      const [block] = makeBranch(GENESIS, 1)
      assert(block)
      const verdicts = await Promise.all([accept(block), accept(block)])
      assert.deepEqual(
        verdicts.map(({ ok }) => ok),
        [true, true],
      )
      assert.equal(chain.tip.height, 1)
    })

    it('tells the headers that follow a locator', async () => {
      const blocks = makeBranch(GENESIS, 30)
      await acceptAll(chain, blocks)
      const heightOf = (locator: Parameters<typeof chain.headersAfter>[0]) =>
        chain
          .headersAfter(locator)
          .map(header => blocks.findIndex(block => equalBytes(block.hash, header.hash)) + 1)
      assert.deepEqual(heightOf(chain.headerTree.locator()), [])
      const [middle] = blocks.slice(26)
      assert(middle)
      assert.deepEqual(heightOf([middle.hash]), [28, 29, 30])
      const [foreign] = makeBranch(GENESIS, 1, 9)
      assert(foreign)
      assert.equal(heightOf([foreign.hash]).length, 30)
      assert.equal(chain.headersAfter([], 7).length, 7)
    })
  })
}

describeChain('a chain in memory', () => undefined)
describeChain('a chain on disk', folder => join(folder, 'datadir'))

describe('a chain and bad blocks', () => {
  const sizeOf = async (storage: MemoryStorage) => (await storage.openFile('blk00000.dat')).lengthBytes

  it('refuses them before it stores anything', async () => {
    const storage = await MemoryStorage.open()
    const chain = await Chain.open({ ...openOptions, storage })
    const size = await sizeOf(storage)
    const [block, next] = makeBranch(GENESIS, 2)
    assert(block && next)
    const cases: [Uint8Array, string, string][] = [
      [new Uint8Array(0), 'block-decode-failed', 'sender'],
      [serializeBlock(block).subarray(0, 200), 'block-decode-failed', 'sender'],
      [new Uint8Array(4_000_001), 'bad-blk-length', 'sender'],
      [serializeBlock(solve(block, false)), 'high-hash', 'sender'],
      [serializeBlock(next), 'prev-blk-not-found', 'nobody'],
    ]
    for (const [bytes, code, blame] of cases) {
      const verdict = await chain.acceptBlock(bytes)
      assert.deepEqual(verdict.ok || [verdict.code, verdict.blame], [code, blame])
    }
    assert.equal(await sizeOf(storage), size)
    assert.equal(chain.headerTree.size, 1)
    await chain.close()
  })

  it('waits for the right body when somebody garbles one', async () => {
    const chain = await Chain.open(openOptions)
    const [block, other] = [makeBlock(GENESIS), makeBlock(GENESIS, { extraNonce: 4 })]
    const bytes = new Uint8Array([
      ...serializeBlock(block).subarray(0, 80),
      ...serializeBlock(other).subarray(80),
    ])
    const verdict = await chain.acceptBlock(bytes)
    assert.deepEqual(verdict.ok || verdict.code, 'bad-txnmrklroot')
    assert((await chain.acceptBlock(serializeBlock(block))).ok)
    assert.equal(chain.tip.height, 1)
    await chain.close()
  })

  it('does not store what is far above its tip', async () => {
    const chain = await Chain.open(openOptions)
    const blocks = makeBranch(GENESIS, 1_025)
    const headers = blocks.map(block => block.header)
    assert(chain.acceptHeaders(headers).ok)
    assert.equal(chain.blocksToDownload(5_000).length, 1_024)
    const [last] = blocks.slice(-1)
    assert(last)
    const verdict = await chain.acceptBlock(serializeBlock(last))
    assert.deepEqual(verdict.ok || [verdict.code, verdict.blame], ['block-too-far-ahead', 'nobody'])
    await chain.close()
  })

  it('stores only so many that wait for their parents', async () => {
    const chain = await Chain.open(openOptions)
    const one = makeBranch(GENESIS, 1_024, 1)
    const other = makeBranch(GENESIS, 3, 2)
    for (const branch of [one, other]) assert(chain.acceptHeaders(branch.map(block => block.header)).ok)
    await acceptAll(chain, one.slice(1))
    const [otherFirst, second, third] = other
    assert(otherFirst && second && third)
    assert((await chain.acceptBlock(serializeBlock(second))).ok)
    const verdict = await chain.acceptBlock(serializeBlock(third))
    assert.deepEqual(verdict.ok || [verdict.code, verdict.blame], ['too-many-waiting-blocks', 'nobody'])
    await acceptAll(chain, [otherFirst, third])
    assert.equal(chain.tip.height, 3)
    await chain.close()
  })

  it('goes on after a check has thrown, for nothing was written', async () => {
    let isBroken = true
    const verifier: SignatureVerifier = {
      ...nobleVerifier,
      verifyEcdsa: (...request) => {
        if (isBroken) throw new Error('a bug in the verifier')
        return nobleVerifier.verifyEcdsa(...request)
      },
    }
    const chain = await Chain.open({ ...openOptions, verifier })
    const blocks = makeBranch(GENESIS, MATURE)
    await acceptAll(chain, blocks)
    const [first] = blocks
    assert(first)
    const payment = spendCoinbase(first)
    const block = serializeBlock(makeBlock(tipOf(chain), { transactions: [payment] }))
    await assert.rejects(chain.acceptTransaction(serializeTransaction(payment)), /a bug in the verifier/)
    await assert.rejects(chain.acceptBlock(block), /a bug in the verifier/)
    isBroken = false
    assert(chain.testTransaction(payment).ok)
    assert.equal(chain.mempool.size, 0)
    assert((await chain.acceptBlock(block)).ok)
    assert.equal(chain.tip.height, MATURE + 1)
    await chain.close()
  })

  it('refuses transactions that are none', async () => {
    const chain = await Chain.open(openOptions)
    const verdict = await chain.acceptTransaction(Uint8Array.of(1, 2, 3))
    assert.deepEqual(verdict.ok || [verdict.code, verdict.blame], ['tx-decode-failed', 'sender'])
    await chain.close()
  })

  it('takes headers up to the first bad one', async () => {
    const chain = await Chain.open(openOptions)
    const blocks = makeBranch(GENESIS, 3)
    const [one, two] = blocks
    assert(one && two)
    const unsolved = solve(two, false).header
    const verdict = chain.acceptHeaders([one.header, unsolved])
    assert.deepEqual(verdict.ok || verdict.code, 'high-hash')
    assert.equal(chain.headerTree.best.height, 1)
    const tooMany = chain.acceptHeaders(Array.from({ length: 2_001 }, () => one.header))
    assert.deepEqual(tooMany.ok || tooMany.code, 'too-many-headers')
    await chain.close()
  })
})
