import assert from 'node:assert/strict'
import {
  COIN,
  hexToTxId,
  OP,
  pushBytes,
  SEQUENCE_FINAL,
  scriptOf,
  serializeTransaction,
  Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import { BitcoinAmount, RpcError } from '@onehop/rpc'
import { type OnehopNode, startNode } from '../src/index.ts'

/** Pay-to-anchor: anybody spends it without a signature. */
const ANYONE = scriptOf(OP[1], pushBytes(Uint8Array.of(0x4e, 0x73)))
const ANYONES_ADDRESS = 'bcrt1pfeesnyr2tx'
const COINS = 8

interface Coin {
  readonly txid: string
  readonly vout: number
  readonly value: bigint
}

interface Spend {
  readonly fee: bigint
  readonly outputs?: number
  readonly dust?: boolean
  readonly sequence?: number
  readonly data?: Uint8Array
}

/** Spends coins that anybody can spend. */
function spend(
  from: readonly Coin[],
  { fee, outputs = 1, dust = false, sequence, data }: Spend,
): Transaction {
  const total = from.reduce((sum, { value }) => sum + value, 0n) - fee
  const share = total / BigInt(outputs)
  const pays = Array.from({ length: outputs }, (_, i) => ({
    value: i === 0 ? total - share * BigInt(outputs - 1) : share,
    scriptPubKey: ANYONE,
  }))
  const more = dust ? [{ value: 0n, scriptPubKey: ANYONE }] : []
  const note = { value: 0n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(data ?? new Uint8Array(20))) }
  return new Transaction({
    version: 2,
    inputs: from.map(({ txid, vout }) => ({
      previousOutput: { txid: hexToTxId(txid), index: vout },
      scriptSig: new Uint8Array(0),
      sequence: sequence ?? SEQUENCE_FINAL,
      witness: [],
    })),
    outputs: [...pays, ...more, note],
    lockTime: 0,
  })
}

const hexOf = (transaction: Transaction) => bytesToHex(serializeTransaction(transaction))
const idOf = ({ txid }: Transaction) => txIdToHex(txid)
const coinOf = (transaction: Transaction, vout = 0): Coin => ({
  txid: idOf(transaction),
  vout,
  value: transaction.outputs[vout]!.value,
})

const refusal = (code: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RpcError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, message)
  return true
}

describe('the mempool over RPC', () => {
  let node: OnehopNode
  let coins: Coin[]

  const call = <T>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  const send = (transaction: Transaction, ...rest: unknown[]) =>
    call<string>('sendrawtransaction', hexOf(transaction), ...rest)

  beforeEach(async () => {
    node = await startNode({ inMemory: true })
    const hashes = await call<string[]>('generatetoaddress', 100 + COINS, ANYONES_ADDRESS)
    coins = await Promise.all(
      hashes.slice(0, COINS).map(async hash => {
        const { tx } = await call<{ tx: string[] }>('getblock', hash)
        return { txid: tx[0]!, vout: 0, value: 50n * COIN }
      }),
    )
  })
  afterEach(() => node.stop())

  it('shows a family with its sums', async () => {
    const parent = spend([coins[0]!], { fee: 1_000n, outputs: 2 })
    const child = spend([coinOf(parent)], { fee: 3_000n, sequence: 0xffff_fffd })
    for (const each of [parent, child]) await send(each)
    const entry = await call<Record<string, unknown>>('getmempoolentry', idOf(child))
    const { time, fees, ...rest } = entry
    assert.deepEqual(rest, {
      vsize: child.virtualSize,
      weight: child.weight,
      height: 100 + COINS,
      descendantcount: 1,
      descendantsize: child.virtualSize,
      ancestorcount: 2,
      ancestorsize: parent.virtualSize + child.virtualSize,
      wtxid: txIdToHex(child.wtxid),
      depends: [idOf(parent)],
      spentby: [],
      'bip125-replaceable': true,
      unbroadcast: false,
    })
    assert.ok(Number(time) > 0)
    assert.deepEqual(fees, {
      base: new BitcoinAmount(3_000n),
      modified: new BitcoinAmount(3_000n),
      ancestor: new BitcoinAmount(4_000n),
      descendant: new BitcoinAmount(3_000n),
    })
    assert.deepEqual(await call('getmempoolancestors', idOf(child)), [idOf(parent)])
    assert.deepEqual(await call('getmempooldescendants', idOf(parent)), [idOf(child)])
    const verbose = await call<Record<string, unknown>>('getmempooldescendants', idOf(parent), true)
    assert.deepEqual(verbose, { [idOf(child)]: entry })
    assert.deepEqual(await call('getrawmempool', false, true), {
      txids: [idOf(parent), idOf(child)],
      mempool_sequence: 3,
    })
    await assert.rejects(call('getrawmempool', true, true), refusal(-8, /^Verbose results cannot contain/))
    await assert.rejects(
      call('getmempoolancestors', coins[0]!.txid),
      refusal(-5, /^Transaction not in mempool$/),
    )
  })

  it('tells its size, its limits and who spends what', async () => {
    const transaction = spend([coins[0]!], { fee: 1_000n })
    await send(transaction)
    const { usage, ...info } = await call<Record<string, unknown>>('getmempoolinfo')
    assert.ok(Number(usage) > transaction.totalSize)
    assert.deepEqual(info, {
      loaded: true,
      size: 1,
      bytes: transaction.virtualSize,
      total_fee: new BitcoinAmount(1_000n),
      maxmempool: 300_000_000,
      mempoolminfee: new BitcoinAmount(100n),
      minrelaytxfee: new BitcoinAmount(100n),
      incrementalrelayfee: new BitcoinAmount(100n),
      unbroadcastcount: 0,
      fullrbf: true,
      permitbaremultisig: true,
      maxdatacarriersize: 100_000,
    })
    const outputs = coins.slice(0, 2).map(({ txid, vout }) => ({ txid, vout }))
    assert.deepEqual(await call('gettxspendingprevout', outputs), [
      { ...outputs[0], spendingtxid: idOf(transaction) },
      outputs[1],
    ])
    await assert.rejects(call('gettxspendingprevout', []), refusal(-8, /outputs are missing/))
    const negative = [{ txid: coins[0]!.txid, vout: -1 }]
    await assert.rejects(call('gettxspendingprevout', negative), refusal(-8, /vout cannot be negative/))
  })

  it('replaces, and refuses in bitcoind’s words', async () => {
    const first = spend([coins[0]!], { fee: 1_000n })
    const same = spend([coins[0]!], { fee: 1_000n, data: new Uint8Array(20).fill(1) })
    const more = spend([coins[0]!], { fee: 2_000n })
    await send(first)
    await assert.rejects(
      send(same),
      refusal(-26, /^insufficient fee, rejecting replacement [0-9a-f]{64}; new feerate/),
    )
    assert.equal(await send(more), idOf(more))
    assert.deepEqual(await call('getrawmempool'), [idOf(more)])
    await call('generatetoaddress', 1, ANYONES_ADDRESS)
    await assert.rejects(send(first), refusal(-25, /^bad-txns-inputs-missingorspent$/))
    await assert.rejects(send(more), refusal(-27, /^Transaction outputs already in utxo set$/))
  })

  it('does not send what pays or burns more than was meant', async () => {
    const dear = spend([coins[0]!], { fee: COIN })
    await assert.rejects(send(dear), refusal(-25, /^Fee exceeds maximum configured by user/))
    await assert.rejects(send(dear, 1), refusal(-8, /^Fee rates larger than or equal to 1BTC\/kvB/))
    const { version, inputs, outputs } = dear
    const burning = [
      outputs[0]!,
      { value: 600n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(new Uint8Array(9))) },
    ]
    const burn = new Transaction({ version, inputs, outputs: burning, lockTime: 0 })
    await assert.rejects(
      send(burn, 0),
      refusal(-25, /^Unspendable output exceeds maximum configured by user/),
    )
    assert.equal(await send(burn, 0, 0.000006), idOf(burn))
    assert.equal(await send(spend([coins[1]!], { fee: COIN }), 0), idOf(spend([coins[1]!], { fee: COIN })))
  })

  it('tests transactions, alone and together, and changes nothing', async () => {
    const test = (transactions: Transaction[], ...rest: unknown[]) =>
      call<Record<string, unknown>[]>('testmempoolaccept', transactions.map(hexOf), ...rest)
    const parent = spend([coins[0]!], { fee: 1_000n })
    const child = spend([coinOf(parent)], { fee: 2_000n })
    const [one, two] = await test([parent, child])
    assert.deepEqual(one, {
      txid: idOf(parent),
      wtxid: txIdToHex(parent.wtxid),
      allowed: true,
      vsize: parent.virtualSize,
      fees: {
        base: new BitcoinAmount(1_000n),
        'effective-feerate': new BitcoinAmount(1_000_000n / BigInt(parent.virtualSize)),
        'effective-includes': [txIdToHex(parent.wtxid)],
      },
    })
    assert.equal(two!.allowed, true)
    const ids = (transaction: Transaction) => ({
      txid: idOf(transaction),
      wtxid: txIdToHex(transaction.wtxid),
    })
    assert.deepEqual(await test([child]), [
      { ...ids(child), allowed: false, 'reject-reason': 'missing-inputs' },
    ])
    const unsorted = await test([child, parent])
    assert.deepEqual(unsorted, [
      { ...ids(child), 'package-error': 'package-not-sorted' },
      { ...ids(parent), 'package-error': 'package-not-sorted' },
    ])
    const free = spend([coins[1]!], { fee: 0n })
    const [refused, unfinished] = await test([free, spend([coinOf(free)], { fee: 9_000n })])
    assert.equal(refused!['reject-reason'], 'min relay fee not met')
    assert.match(String(refused!['reject-details']), /^min relay fee not met, 0 < \d+$/)
    assert.deepEqual(Object.keys(unfinished!), ['txid', 'wtxid'])
    const dear = await test([spend([coins[2]!], { fee: COIN }), parent])
    assert.equal(dear[0]!['reject-reason'], 'max-fee-exceeded')
    assert.equal('allowed' in dear[1]!, false)
    assert.deepEqual(await call('getrawmempool'), [])
    await assert.rejects(call('testmempoolaccept', []), refusal(-8, /^Array must contain between 1 and 25/))
  })

  it('takes a package of which the child pays for its parents', async () => {
    const parents = [coins[0]!, coins[1]!].map(coin => spend([coin], { fee: 0n, outputs: 2 }))
    const child = spend(
      parents.map(parent => coinOf(parent)),
      { fee: 6_000n },
    )
    await assert.rejects(send(parents[0]!), refusal(-26, /^min relay fee not met, 0 < \d+$/))
    const result = await call<{ 'tx-results': Record<string, unknown> }>(
      'submitpackage',
      [...parents, child].map(hexOf),
    )
    const members = [...parents, child]
    const size = BigInt(members.reduce((sum, each) => sum + each.virtualSize, 0))
    const wtxids = members.map(({ wtxid }) => txIdToHex(wtxid))
    const effective = {
      'effective-feerate': new BitcoinAmount(6_000_000n / size),
      'effective-includes': wtxids,
    }
    assert.deepEqual(result, {
      package_msg: 'success',
      'tx-results': Object.fromEntries(
        members.map((each, i) => [
          wtxids[i]!,
          {
            txid: idOf(each),
            vsize: each.virtualSize,
            fees: { base: new BitcoinAmount(i === 2 ? 6_000n : 0n), ...effective },
          },
        ]),
      ),
      'replaced-transactions': [],
    })
    assert.equal((await call<string[]>('getrawmempool')).length, 3)
    const again = await call<{ 'tx-results': Record<string, { fees: object }> }>(
      'submitpackage',
      members.map(hexOf),
    )
    assert.deepEqual(again['tx-results'][wtxids[2]!]!.fees, { base: new BitcoinAmount(6_000n) })
  })

  it('says of a package what is wrong with it, or with whom', async () => {
    const submit = (...members: Transaction[]) =>
      call<{ package_msg: string; 'tx-results': Record<string, { error?: string }> }>(
        'submitpackage',
        members.map(hexOf),
      )
    const parent = spend([coins[0]!], { fee: 0n, outputs: 2, dust: true })
    const child = spend([coinOf(parent)], { fee: 6_000n })
    const { package_msg, 'tx-results': results } = await submit(parent, child)
    assert.equal(package_msg, 'unspent-dust')
    assert.match(results[txIdToHex(child.wtxid)]!.error!, /^missing-ephemeral-spends, tx .* did not spend/)
    const stranger = spend([coins[1]!], { fee: 1_000n })
    await assert.rejects(submit(parent, stranger), refusal(-25, /^package topology disallowed/))
    await assert.rejects(call('submitpackage', []), refusal(-8, /^Array must contain between 1 and 25/))
    const sweep = spend([coinOf(parent), coinOf(parent, 2)], { fee: 6_000n })
    assert.equal((await submit(parent, sweep)).package_msg, 'success')
    const rival = spend([coins[0]!], { fee: 50_000n, outputs: 3 })
    const heir = spend([coinOf(rival)], { fee: 60_000n })
    const replaced = await call<{ 'replaced-transactions': string[] }>(
      'submitpackage',
      [rival, heir].map(hexOf),
    )
    assert.deepEqual(replaced['replaced-transactions'], [idOf(parent), idOf(sweep)].sort())
  })

  it('mines first what somebody made important', async () => {
    const [one, two] = coins.map(coin => spend([coin], { fee: 1_000n }))
    for (const each of [one!, two!]) await send(each)
    const { template } = {
      template: () => call<{ transactions: { txid: string }[] }>('getblocktemplate', { rules: ['segwit'] }),
    }
    assert.equal(await call('prioritisetransaction', idOf(one!), 0, 5_000), true)
    assert.equal(await call('prioritisetransaction', coins[5]!.txid, null, -7), true)
    assert.deepEqual(
      (await template()).transactions.map(({ txid }) => txid),
      [idOf(one!), idOf(two!)],
    )
    assert.deepEqual(await call('getprioritisedtransactions'), {
      [idOf(one!)]: { fee_delta: 5_000, in_mempool: true, modified_fee: 6_000 },
      [coins[5]!.txid]: { fee_delta: -7, in_mempool: false },
    })
    await assert.rejects(
      call('prioritisetransaction', idOf(one!), 1, 5),
      refusal(-8, /^Priority is no longer supported/),
    )
    await call('generatetoaddress', 1, ANYONES_ADDRESS)
    assert.deepEqual(Object.keys(await call<object>('getprioritisedtransactions')), [coins[5]!.txid])
  })

  it('has no orphans of users, and no file in memory', async () => {
    const lost = spend([coinOf(spend([coins[0]!], { fee: 1n }))], { fee: 1_000n })
    await assert.rejects(send(lost), refusal(-25, /^bad-txns-inputs-missingorspent$/))
    assert.deepEqual(await call('getorphantxs'), [])
    await assert.rejects(call('getorphantxs', 3), refusal(-8, /^Invalid verbosity value 3$/))
    await assert.rejects(call('savemempool'), refusal(-1, /^Unable to dump mempool to disk$/))
  })
})
