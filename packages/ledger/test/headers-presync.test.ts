import assert from 'node:assert/strict'
import {
  BlockHeader,
  bitsOf,
  checkProofOfWork,
  HEADER_COMMITMENT_PERIOD,
  type HeaderNode,
  HeadersPresync,
  HeaderTree,
  isPermittedTransition,
  MAINNET,
  REDOWNLOAD_BUFFER_HEADERS,
  REGTEST,
  targetOf,
  workOf,
} from '@onehop/ledger'
import { blameOf, codeOf } from './regtest-chain.ts'

const { genesis } = new HeaderTree(REGTEST)
const WORK = workOf(genesis.header.bits)
const BATCH = 2_000
/** Long enough that some headers are handed out before the end. */
const LONG = REDOWNLOAD_BUFFER_HEADERS + 3 * BATCH

/** Headers on the parent with proof of work, each on the one before. */
function chainOn(parent: HeaderNode | BlockHeader, count: number, salt = 0): BlockHeader[] {
  const headers: BlockHeader[] = []
  let previous = 'header' in parent ? parent.header : parent
  while (headers.length < count) {
    previous = headerOn(previous, salt)
    headers.push(previous)
  }
  return headers
}

function headerOn(previous: BlockHeader, salt: number, isWorked = true): BlockHeader {
  const merkleRoot = new Uint8Array(32).fill(salt)
  const fields = {
    version: 4,
    previousBlock: previous.hash,
    merkleRoot,
    time: previous.time + 1,
    bits: previous.bits,
  }
  for (let nonce = 0; ; nonce++) {
    const header = new BlockHeader({ ...fields, nonce })
    if (checkProofOfWork(header.hash, header.bits, REGTEST.powLimit) === isWorked) return header
  }
}

function presync(blocks: number): HeadersPresync {
  return new HeadersPresync({
    start: genesis,
    minimumWork: genesis.chainWork + BigInt(blocks) * WORK,
    parameters: REGTEST,
    salt: new Uint8Array(16).fill(1),
    nowSeconds: genesis.header.time + 1_000_000,
  })
}

/** Answers as a peer does, from the headers it has, until the presync wants no more. */
function run(sync: HeadersPresync, headers: readonly BlockHeader[], secondTime = headers): BlockHeader[] {
  const taken: BlockHeader[] = []
  let answers = 0
  let has = headers
  for (let at = 0; sync.wantsMore; ) {
    const batch = has.slice(at, at + BATCH)
    const before = sync.work
    const result = sync.take(batch, batch.length === BATCH)
    if (!result.ok) throw Object.assign(new Error(result.code), { result })
    taken.push(...result.value)
    if (sync.work < before) {
      at = 0
      has = secondTime
    } else at += batch.length
    assert.ok(answers++ < 100)
  }
  return taken
}

describe('looking at headers before keeping them', () => {
  const long = chainOn(genesis, LONG)

  it('hands out a chain of enough work, in order, the second time', () => {
    const taken = run(presync(LONG), long)
    assert.deepEqual(
      taken.map(({ hash }) => hash),
      long.map(({ hash }) => hash),
    )
  })

  it('hands out nothing the first time, and early headers before the end the second time', () => {
    const sync = presync(LONG)
    let first = 0
    for (let at = 0; at < LONG; at += BATCH) {
      const result = sync.take(long.slice(at, at + BATCH), at + BATCH <= LONG)
      assert.ok(result.ok)
      first += result.value.length
    }
    assert.equal(first, 0)
    const second: number[] = []
    for (let at = 0; sync.wantsMore; at += BATCH) {
      const result = sync.take(long.slice(at, at + BATCH), at + BATCH <= LONG)
      assert.ok(result.ok)
      second.push(result.value.length)
    }
    assert.ok(second.slice(0, -1).some(count => count > 0))
    assert.equal(
      second.reduce((sum, count) => sum + count),
      LONG,
    )
  })

  it('hands out nothing of a chain of too little work, and blames nobody', () => {
    for (const count of [1, BATCH, 3 * BATCH + 5]) {
      const sync = presync(count + 1)
      assert.throws(() => run(sync, long.slice(0, count)), { message: 'too-little-chainwork' })
      assert.equal(sync.wantsMore, false)
      assert.equal(codeOf(sync.take(long, true)), 'too-many-headers')
    }
  })

  it('of a peer that sends another chain the second time ends without a header of it', () => {
    const other = chainOn(genesis, LONG, 1)
    let taken = 0
    const sync = presync(LONG)
    for (const headers of [long, other]) {
      for (let at = 0; at < LONG && sync.wantsMore; at += BATCH) {
        const result = sync.take(headers.slice(at, at + BATCH), at + BATCH <= LONG)
        if (result.ok) taken += result.value.length
        else assert.equal(result.code, 'headers-changed')
      }
    }
    assert.equal(sync.wantsMore, false)
    assert.equal(taken, 0)
  })

  it('ends when the headers do not follow those before', () => {
    const sync = presync(LONG)
    assert.ok(sync.take(long.slice(0, BATCH), true).ok)
    const gap = sync.take(long.slice(BATCH + 1, 2 * BATCH), true)
    assert.deepEqual([codeOf(gap), blameOf(gap as never)], ['headers-changed', 'nobody'])
    const broken = presync(LONG).take([...long.slice(0, 3), ...long.slice(4, 6)], true)
    assert.deepEqual(
      [codeOf(broken), blameOf(broken as never)],
      ['non-continuous headers sequence', 'sender'],
    )
  })

  it('ends with blame for a header without proof of work', () => {
    const lazy = headerOn(long[2]!, 0, false)
    const result = presync(LONG).take([...long.slice(0, 3), lazy], true)
    assert.deepEqual([codeOf(result), blameOf(result as never)], ['high-hash', 'sender'])
  })

  it('remembers no more than the time since the chain began allows', () => {
    const sync = new HeadersPresync({
      start: genesis,
      minimumWork: 2n ** 200n,
      parameters: REGTEST,
      salt: new Uint8Array(16),
      nowSeconds: genesis.header.time - 7_000,
    })
    const most = 6 * 200 + HEADER_COMMITMENT_PERIOD
    const result = sync.take(long.slice(0, 2 * most), true)
    assert.equal(codeOf(result), 'too-many-headers')
  })
})

describe('the difficulty of a header that is only looked at', () => {
  const bits = bitsOf(MAINNET.powLimit / 1_000_000n)
  const scaled = (numerator: bigint, denominator: bigint) =>
    bitsOf((targetOf(bits) * numerator) / denominator)

  it('changes at the end of a period only', () => {
    assert.ok(isPermittedTransition(2_015, bits, bits, MAINNET))
    assert.equal(isPermittedTransition(2_015, bits, scaled(2n, 1n), MAINNET), false)
    assert.ok(isPermittedTransition(2_016, bits, scaled(2n, 1n), MAINNET))
  })

  it('changes by a factor of four at most', () => {
    for (const [numerator, denominator, isAllowed] of [
      [4n, 1n, true],
      [5n, 1n, false],
      [1n, 4n, true],
      [1n, 5n, false],
    ] as const)
      assert.equal(isPermittedTransition(4_032, bits, scaled(numerator, denominator), MAINNET), isAllowed)
  })

  it('is anything where the easiest is always allowed', () => {
    assert.ok(isPermittedTransition(1, bits, 0x207f_ffff, REGTEST))
  })
})
