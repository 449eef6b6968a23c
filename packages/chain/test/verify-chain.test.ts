import assert from 'node:assert/strict'
import { serializeCoin, serializeTransaction } from '@onehop/ledger'
import { nobleVerifier } from '@onehop/primitives'
import { Chain, type ChainVerification, type CheckLevel } from '../src/index.ts'
import { coinKey } from '../src/store-format.ts'
import { CrashingStorage } from './support/crashing-storage.ts'
import {
  acceptAll,
  GENESIS,
  makeBlock,
  makeBranch,
  openOptions,
  spend,
  spendCoinbase,
  tipOf,
} from './support/regtest.ts'

const LEVELS: readonly CheckLevel[] = [0, 1, 2, 3, 4]
const base = makeBranch(GENESIS, 102)
const first = spendCoinbase(base[0] ?? assert.fail())
const child = spend({ txid: first.txid, index: 0 }, first.outputs[0]?.value ?? 0n)

/** A disk with 103 blocks, the last of which makes a coin and spends it. */
async function prepare(): Promise<CrashingStorage> {
  const storage = new CrashingStorage()
  const chain = await Chain.open({ ...openOptions, storage })
  await acceptAll(chain, base)
  await acceptAll(chain, [makeBlock(tipOf(chain), { transactions: [first, child], fees: 2_000n })])
  await chain.close()
  return storage
}

/** Flips a bit of a file, counted from where the bytes are found in it. */
async function damage(
  storage: CrashingStorage,
  name: string,
  found: Uint8Array,
  offset: number,
): Promise<void> {
  const file = await storage.openFile(name)
  const bytes = await file.read(0, file.lengthBytes)
  const at = Buffer.from(bytes).lastIndexOf(found)
  assert(at >= 0)
  bytes[at + offset]! ^= 1
  await file.truncate(0)
  await file.append(bytes)
}

async function verify(storage: CrashingStorage, level: CheckLevel, depth = 0, verifier = nobleVerifier) {
  const chain = await Chain.open({ ...openOptions, storage: storage.next(), verifier })
  const result = await chain.verify(level, depth)
  await chain.close()
  return result
}

const whyNot = (result: ChainVerification) => (result.ok ? 'in order' : result.why)

/** The lowest level that finds something, and what it says. */
async function firstFailure(storage: CrashingStorage): Promise<readonly [CheckLevel, string] | undefined> {
  for (const level of LEVELS) {
    const result = await verify(storage, level)
    if (!result.ok) return [level, result.why]
  }
  return undefined
}

describe('verifying a chain', () => {
  let storage: CrashingStorage

  before(async () => {
    storage = await prepare()
  })

  it('finds all in order at every level, and changes nothing', async () => {
    const chain = await Chain.open({ ...openOptions, storage: storage.next() })
    const before = await chain.coinStatistics('hash_serialized_3')
    for (const level of LEVELS)
      for (const depth of [0, 1, 6, 1_000]) assert.equal(whyNot(await chain.verify(level, depth)), 'in order')
    assert.deepEqual(await chain.coinStatistics('hash_serialized_3'), before)
    await chain.close()
  })

  it('finds a first block alone in order', async () => {
    assert.equal(whyNot(await verify(new CrashingStorage(), 4)), 'in order')
  })

  it('finds a body that is not what its header commits to, at level 1', async () => {
    const disk = storage.next()
    await damage(disk, 'blk00000.dat', serializeTransaction(child), 60)
    const [level, why] = (await firstFailure(disk)) ?? []
    assert.equal(level, 1)
    assert.match(
      String(why),
      /^Verification error: found bad block at 103, hash=[0-9a-f]{64} \(bad-txnmrklroot\)$/,
    )
  })

  it('finds a header that is another, at level 0', async () => {
    const disk = storage.next()
    await damage(disk, 'blk00000.dat', base[101]?.hash ?? assert.fail(), 0)
    const [level, why] = (await firstFailure(disk)) ?? []
    assert.equal(level, 0)
    assert.match(String(why), /^Verification error: ReadBlock failed at 103, /)
  })

  it('finds damaged undo data, at level 2', async () => {
    const disk = storage.next()
    const file = await disk.openFile('rev00000.dat')
    const last = await file.read(file.lengthBytes - 40, 40)
    await damage(disk, 'rev00000.dat', last, 0)
    const [level, why] = (await firstFailure(disk)) ?? []
    assert.equal(level, 2)
    assert.match(String(why), /^Verification error: found bad undo data at 103, /)
  })

  it('looks no deeper than it is asked to', async () => {
    const disk = storage.next()
    await damage(disk, 'blk00000.dat', base[100]?.hash ?? assert.fail(), 0)
    assert.equal(whyNot(await verify(disk, 4, 1)), 'in order')
    assert.match(whyNot(await verify(disk, 4, 2)), /ReadBlock failed at 102/)
  })

  it('finds coins that are missing, changed or spent already, at level 3', async () => {
    const coinbase = base[50]?.transactions[0] ?? assert.fail()
    const output = coinbase.outputs[0] ?? assert.fail()
    const wrong = serializeCoin({
      output: { ...output, value: output.value + 1n },
      height: 51,
      coinbase: true,
    })
    const spentAlready = serializeCoin({
      output: first.outputs[0] ?? assert.fail(),
      height: 103,
      coinbase: false,
    })
    for (const change of [
      { key: coinKey({ txid: coinbase.txid, index: 0 }), value: undefined },
      { key: coinKey({ txid: coinbase.txid, index: 0 }), value: wrong },
      { key: coinKey({ txid: first.txid, index: 0 }), value: spentAlready },
    ]) {
      const disk = storage.next()
      await disk.values.write([change])
      const [level, why] = (await firstFailure(disk)) ?? []
      assert.equal(level, 3)
      assert.match(
        String(why),
        /^Verification error: coin database inconsistencies found \(last \d+ blocks, /,
      )
    }
  })

  it('finds scripts that do not run, at level 4', async () => {
    const verifier = { ...nobleVerifier, verifyEcdsa: () => false }
    assert.equal(whyNot(await verify(storage, 3, 0, verifier)), 'in order')
    assert.match(
      whyNot(await verify(storage, 4, 0, verifier)),
      /^Verification error: found unconnectable block at 103, hash=[0-9a-f]{64} \(block-script-verify-flag-failed/,
    )
  })
})
