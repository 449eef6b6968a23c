import assert from 'node:assert/strict'
import {
  ancestorAt,
  asBlockHash,
  BlockHeader,
  bitsOf,
  blockHashToHex,
  blockSubsidy,
  type ChainParameters,
  COIN,
  checkProofOfWork,
  findFork,
  type HeaderNode,
  HeaderTree,
  medianTimePast,
  parseHeader,
  REGTEST,
  requiredBits,
  serializeHeader,
  targetOf,
  workOf,
} from '@onehop/ledger'
import { invalid, refused } from '@onehop/primitives'
import fc from 'fast-check'
import { codeOf } from './regtest-chain.ts'

const START = REGTEST.genesis.header.time

interface Overrides {
  readonly time?: number
  readonly bits?: number
  readonly version?: number
  readonly root?: number
}

function headerOn(parent: HeaderNode, { time, bits, version, root = 0 }: Overrides = {}): BlockHeader {
  for (let nonce = 0; ; nonce++) {
    const header = new BlockHeader({
      version: version ?? 0x2000_0000,
      previousBlock: parent.hash,
      merkleRoot: new Uint8Array(32).fill(root),
      time: time ?? parent.header.time + 600,
      bits: bits ?? parent.header.bits,
      nonce,
    })
    if (bits !== undefined || checkProofOfWork(header.hash, header.bits, REGTEST.powLimit)) return header
  }
}

function extend(tree: HeaderTree, parent: HeaderNode, count: number, root = 0): HeaderNode {
  let node = parent
  for (let i = 0; i < count; i++) {
    const added = tree.add(headerOn(node, { root }), node.header.time + 600)
    assert.ok(added.ok, codeOf(added))
    node = added.value
  }
  return node
}

describe('regtest', () => {
  it('starts with Bitcoin’s block', () => {
    const { header, transactions } = REGTEST.genesis
    assert.equal(
      blockHashToHex(header.hash),
      '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    )
    assert.equal(
      blockHashToHex(asBlockHash(transactions[0]!.txid)),
      '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    )
    assert.deepEqual(parseHeader(serializeHeader(header)).hash, header.hash)
  })

  it('halves the subsidy every 150 blocks, down to nothing', () => {
    assert.equal(blockSubsidy(1, REGTEST), 50n * COIN)
    assert.equal(blockSubsidy(149, REGTEST), 50n * COIN)
    assert.equal(blockSubsidy(150, REGTEST), 25n * COIN)
    assert.equal(blockSubsidy(150 * 33, REGTEST), 0n)
    assert.equal(blockSubsidy(150 * 64, REGTEST), 0n)
  })
})

describe('a compact target', () => {
  for (const [bits, target] of [
    [0x1d00_ffff, 0xffffn << 208n],
    [0x207f_ffff, 0x7fffffn << 232n],
    [0x0100_3456, 0n],
    [0x0112_3456, 0x12n],
    [0x0200_8000, 0x80n],
    [0x0500_9234, 0x9234_0000n],
    [0x0492_3456, 0n],
    [0xff12_3456, 0n],
  ] as const) {
    it(`${bits.toString(16)} stands for ${target.toString(16)}`, () => assert.equal(targetOf(bits), target))
  }

  it('comes back from the target that it stands for', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, (1n << 256n) - 1n), target => {
        const rounded = targetOf(bitsOf(target))
        assert.ok(rounded <= target && target - rounded < target / 0x8000n + 1n)
        assert.equal(bitsOf(rounded), bitsOf(target))
      }),
    )
  })

  it('takes the more work the smaller it is', () => {
    assert.equal(workOf(0x207f_ffff), 2n)
    assert.equal(workOf(0x1d00_ffff), 0x1_0001_0001n)
    assert.equal(workOf(0), 0n)
  })
})

describe('a header', () => {
  const tree = new HeaderTree(REGTEST)
  const tip = extend(tree, tree.genesis, 20)
  const code = (overrides: Overrides, nowSeconds = tip.header.time + 600) =>
    codeOf(tree.add(headerOn(tip, overrides), nowSeconds))

  it('must meet its target', () => {
    for (let nonce = 0; ; nonce++) {
      const header = new BlockHeader({ ...headerOn(tip), nonce, merkleRoot: new Uint8Array(32) })
      if (checkProofOfWork(header.hash, header.bits, REGTEST.powLimit)) continue
      assert.equal(codeOf(tree.add(header, header.time)), 'high-hash')
      return
    }
  })

  it('must not state a target beyond the network’s limit', () => {
    assert.equal(code({ bits: 0x2100_ffff }), 'high-hash')
  })

  it('must state the target that the headers before lead to', () => {
    for (let root = 0; ; root++) {
      const header = headerOn(tip, { bits: 0x207f_fffe, root })
      if (!checkProofOfWork(header.hash, header.bits, REGTEST.powLimit)) continue
      assert.equal(codeOf(tree.add(header, header.time)), 'bad-diffbits')
      return
    }
  })

  it('must be later than the median of the eleven before', () => {
    const median = medianTimePast(tip)
    assert.equal(median, START + 15 * 600)
    assert.equal(code({ time: median }), 'time-too-old')
    assert.equal(code({ time: median + 1 }), 'OK')
  })

  it('may be two hours ahead of the clock, and is nobody’s fault beyond', () => {
    const { time } = tip.header
    assert.equal(code({ time: time + 7_200 }, time), 'OK')
    const verdict = tree.add(headerOn(tip, { time: time + 7_201 }), time)
    assert.equal(codeOf(verdict), 'time-too-new')
    assert.equal(!verdict.ok && verdict.blame, 'nobody')
  })

  it('must have a version of 4 or more', () => {
    assert.equal(code({ version: 3 }), 'bad-version(0x00000003)')
    assert.equal(code({ version: -1 }), 'bad-version(0xffffffff)')
    assert.equal(code({ version: 4 }), 'OK')
  })

  it('waits for its parent, which is nobody’s fault', () => {
    const orphan = headerOn({ ...tip, hash: asBlockHash(new Uint8Array(32).fill(9)) })
    const verdict = tree.add(orphan, orphan.time)
    assert.equal(codeOf(verdict), 'prev-blk-not-found')
    assert.equal(!verdict.ok && verdict.blame, 'nobody')
  })

  it('that is known is welcome again', () => {
    const again = tree.add(tip.header, 0)
    assert.equal(again.ok && again.value, tip)
  })
})

describe('the header tree', () => {
  it('prefers most work, and of equals the first that came', () => {
    const tree = new HeaderTree(REGTEST)
    const first = extend(tree, tree.genesis, 3, 1)
    extend(tree, tree.genesis, 3, 2)
    assert.equal(tree.best, first)
    const longer = extend(tree, tree.genesis, 4, 3)
    assert.equal(tree.best, longer)
    assert.equal(longer.chainWork, 10n)
    assert.equal(tree.leaves().length, 3)
    assert.equal(tree.size, 11)
  })

  it('gives up a branch that turned out invalid, and what builds on it', () => {
    const tree = new HeaderTree(REGTEST)
    const good = extend(tree, tree.genesis, 2, 1)
    const bad = extend(tree, tree.genesis, 1, 2)
    const onBad = extend(tree, bad, 3, 2)
    assert.equal(tree.best, onBad)
    assert.equal(tree.markInvalid(bad).length, 4)
    assert.equal(tree.best, good)
    assert.equal(codeOf(tree.add(bad.header, START)), 'duplicate-invalid')
    const next = headerOn(onBad)
    const verdict = tree.add(next, next.time)
    assert.equal(codeOf(verdict), 'bad-prevblk')
    assert.equal(!verdict.ok && verdict.blame, 'sender')
  })

  it('blames nobody for what builds on a block that nobody was to blame for', () => {
    const tree = new HeaderTree(REGTEST)
    const node = extend(tree, tree.genesis, 1)
    tree.markInvalid(node, refused('not-supported'))
    const verdict = tree.add(headerOn(node), node.header.time + 600)
    assert.equal(!verdict.ok && verdict.blame, 'nobody')
  })

  it('reconsiders a branch: the block, what builds on it and what it builds on', () => {
    const tree = new HeaderTree(REGTEST)
    const good = extend(tree, tree.genesis, 2, 1)
    const first = extend(tree, tree.genesis, 1, 2)
    const middle = extend(tree, first, 1, 2)
    const last = extend(tree, middle, 2, 2)
    const aside = extend(tree, first, 1, 3)
    tree.markInvalid(last, invalid('bad-cb-amount'))
    assert.equal(tree.markInvalid(first, refused('invalidated')).length, 4)
    assert.deepEqual([last.rejection?.code, middle.rejection?.code], ['bad-cb-amount', 'invalidated'])
    assert.equal(tree.best, good)
    assert.equal(tree.reconsider(middle).length, 4)
    assert.equal(tree.best, last)
    assert.deepEqual(
      [first, middle, last].map(node => [node.invalid, node.rejection]),
      [
        [false, undefined],
        [false, undefined],
        [false, undefined],
      ],
    )
    assert.equal(aside.invalid, true)
    assert.equal(tree.reconsider(aside).length, 1)
    assert.equal(tree.reconsider(aside).length, 0)
    assert.equal(aside.invalid, false)
  })

  it('takes back with a header why it, or its parent, was refused', () => {
    const tree = new HeaderTree(REGTEST)
    const tip = extend(tree, tree.genesis, 3)
    const copy = new HeaderTree(REGTEST)
    for (const node of tree.nodes()) copy.restore(node.header, node.height === 2, refused('invalidated'))
    assert.equal(copy.best.height, 1)
    assert.equal(copy.get(tip.hash)?.rejection?.code, 'invalidated')
  })

  it('takes its own headers back without checks, invalid ones too', () => {
    const tree = new HeaderTree(REGTEST)
    const tip = extend(tree, tree.genesis, 3)
    const copy = new HeaderTree(REGTEST)
    for (const node of tree.nodes()) copy.restore(node.header, node === tip)
    assert.equal(copy.best.height, 2)
    assert.equal(copy.get(tip.hash)?.invalid, true)
    assert.equal(new HeaderTree(REGTEST).restore(tip.header, false), undefined)
  })

  it('finds every ancestor', () => {
    const tree = new HeaderTree(REGTEST)
    const tip = extend(tree, tree.genesis, 300)
    const line: HeaderNode[] = []
    for (let node: HeaderNode | undefined = tip; node; node = node.parent) line.unshift(node)
    for (const [height, node] of line.entries()) assert.equal(ancestorAt(tip, height), node)
    const branch = extend(tree, line[120]!, 5, 1)
    assert.equal(findFork(branch, tip), line[120])
    assert.equal(tree.findFork(tip, line[7]!), line[7])
  })

  it('has a locator that is dense at the tip and ends at the first block', () => {
    const tree = new HeaderTree(REGTEST)
    extend(tree, tree.genesis, 100)
    const heights = tree.locator().map(hash => tree.get(hash)!.height)
    assert.deepEqual(heights, [100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 88, 84, 76, 60, 28, 0])
    assert.deepEqual(tree.locator(tree.genesis), [tree.genesis.hash])
  })
})

describe('the difficulty of a network that has one', () => {
  const parameters: ChainParameters = {
    ...REGTEST,
    powLimit: targetOf(0x1d00_ffff),
    targetTimespanSeconds: 14 * 24 * 3_600,
    allowMinimumDifficulty: false,
    noRetargeting: false,
  }
  /** A period of 2,016 blocks that took the time given; nobody searched for its nonces. */
  const period = (bits: number, seconds: number, firstBits = bits): HeaderNode => {
    let parent: HeaderNode | undefined
    for (let height = 0; height < 2_016; height++) {
      const header = new BlockHeader({
        version: 4,
        previousBlock: asBlockHash(new Uint8Array(32)),
        merkleRoot: new Uint8Array(32),
        time: height === 2_015 ? seconds : 0,
        bits: height === 0 ? firstBits : bits,
        nonce: 0,
      })
      const hash = asBlockHash(new Uint8Array(32))
      parent = { hash, header, height, chainWork: 0n, parent, skip: undefined, invalid: false }
    }
    return parent!
  }
  const next = (last: HeaderNode, network = parameters, time = 0) =>
    requiredBits(last, { time }, network).toString(16)

  // Bitcoin Core's pow_tests.
  it('falls by the time that was missing', () => {
    assert.equal(next(period(0x1d00_ffff, 1_262_152_739 - 1_261_130_161)), '1d00d86a')
  })

  it('never rises above the limit', () => {
    assert.equal(next(period(0x1d00_ffff, 1_233_061_996 - 1_231_006_505)), '1d00ffff')
  })

  it('falls to a quarter at most', () => {
    assert.equal(next(period(0x1c05_a3f4, 1_279_297_671 - 1_279_008_237)), '1c0168fd')
  })

  it('rises to four times at most', () => {
    assert.equal(next(period(0x1c38_7f6f, 1_269_211_443 - 1_263_163_443)), '1d00e1fd')
  })

  it('stays within a period', () => {
    assert.equal(next(period(0x1c05_a3f4, 0).parent!), '1c05a3f4')
  })

  it('is computed from the first block of the period under BIP 94', () => {
    const timespan = 14 * 24 * 3_600
    const last = period(0x1d00_ffff, timespan, 0x1c05_a3f4)
    assert.equal(next(last, { ...parameters, enforceBip94: true }), '1c05a3f4')
  })

  it('may be the least after 20 minutes on a test network, and is the usual one again after that', () => {
    const testnet = { ...parameters, allowMinimumDifficulty: true }
    const usual = period(0x1c05_a3f4, 0).parent!
    assert.equal(next(usual, testnet, 1_201), '1d00ffff')
    assert.equal(next(usual, testnet, 1_200), '1c05a3f4')
    const easy = { ...usual, header: new BlockHeader({ ...usual.header, bits: 0x1d00_ffff }) }
    assert.equal(next(easy, testnet, 0), '1c05a3f4')
  })
})
