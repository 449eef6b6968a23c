import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const UNKNOWN = '11'.repeat(32)

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

type Json = Record<string, unknown>

interface TransactionJson {
  readonly txid: string
  readonly size: number
  readonly weight: number
  readonly fee?: { readonly sats: bigint }
  readonly vin: readonly { readonly prevout?: { readonly value: { readonly sats: bigint } } }[]
  readonly vout: readonly {
    readonly value: { readonly sats: bigint }
    readonly scriptPubKey: { hex: string }
  }[]
}

describe('figures of blocks', () => {
  let node: OnehopNode
  let blockHash: string

  const call = <T = Json>(method: string, ...params: unknown[]) => node.call<T>(method, params)

  before(async () => {
    node = await startNode({ inMemory: true })
    await call('generatetoaddress', 103, await call<string>('wallet.address'))
    for (const amount of [1, 2.5, 49]) await call('sendtoaddress', STRANGER, amount)
    const [hash = ''] = await call<string[]>('generatetoaddress', 1, STRANGER)
    blockHash = hash
  })
  after(() => node.stop())

  it('add up to what the transactions of the block say', async () => {
    const stats = await call('getblockstats', 104)
    const { tx } = await call<{ tx: TransactionJson[] }>('getblock', blockHash, 3)
    const [coinbase, ...others] = tx
    assert(coinbase)
    const fees = others.map(({ fee }) => fee?.sats ?? 0n).sort((a, b) => (a < b ? -1 : 1))
    const total = fees.reduce((sum, fee) => sum + fee, 0n)
    const weight = others.reduce((sum, each) => sum + each.weight, 0)
    const outputs = tx.flatMap(({ vout }) => vout)
    assert.equal(others.length, 3)
    assert.deepEqual(
      [stats.txs, stats.ins, stats.outs],
      [4, others.flatMap(({ vin }) => vin).length, outputs.length],
    )
    assert.deepEqual([stats.totalfee, stats.avgfee, stats.medianfee], [total, total / 3n, fees[1]])
    assert.deepEqual([stats.minfee, stats.maxfee], [fees[0], fees[2]])
    assert.deepEqual([stats.total_weight, stats.swtotal_weight, stats.swtxs], [weight, weight, 3])
    assert.equal(stats.avgfeerate, (total * 4n) / BigInt(weight))
    assert.equal(stats.subsidy, 5_000_000_000n)
    assert.equal(
      stats.total_size,
      others.reduce((sum, { size }) => sum + size, 0),
    )
    assert.equal(
      stats.total_out,
      others.flatMap(({ vout }) => vout).reduce((sum, { value }) => sum + value.sats, 0n),
    )
    // The witness commitment can never be spent: 8 + 1 + 38 bytes and 41 of overhead.
    assert.equal(Number(stats.utxo_increase) - Number(stats.utxo_increase_actual), 1)
    assert.equal(Number(stats.utxo_size_inc) - Number(stats.utxo_size_inc_actual), 8 + 1 + 38 + 41)
    assert.equal(stats.height, 104)
    assert.equal(stats.blockhash, blockHash)
    assert.deepEqual((stats.feerate_percentiles as bigint[]).length, 5)
    assert.deepEqual(await call('getblockstats', blockHash), stats)
  })

  it('of the first block are those of bitcoind', async () => {
    const stats = await call('getblockstats', 0)
    // As Bitcoin Core's rpc_getblockstats.py asserts them.
    assert.deepEqual(
      [stats.utxo_increase, stats.utxo_increase_actual, stats.utxo_size_inc, stats.utxo_size_inc_actual],
      [1, 0, 117, 0],
    )
    assert.deepEqual([stats.minfee, stats.mintxsize, stats.medianfee], [0n, 0n, 0n])
  })

  it('can be chosen by name', async () => {
    const chosen = await call('getblockstats', 104, ['txs', 'totalfee'])
    assert.deepEqual(Object.keys(chosen), ['txs', 'totalfee'])
    await assert.rejects(
      call('getblockstats', 104, ['txs', 'toString']),
      refusal(-8, /^Invalid selected statistic 'toString'$/),
    )
  })

  it('are refused with the words of bitcoind', async () => {
    await assert.rejects(call('getblockstats', -1), refusal(-8, /^Target block height -1 is negative$/))
    await assert.rejects(
      call('getblockstats', 200),
      refusal(-8, /^Target block height 200 after current tip 104$/),
    )
    await assert.rejects(
      call('getblockstats', 'abc'),
      refusal(-8, /must be of length 64 \(not 3, for 'abc'\)/),
    )
    await assert.rejects(call('getblockstats', 'z'.repeat(64)), refusal(-8, /must be hexadecimal string/))
    await assert.rejects(call('getblockstats', UNKNOWN), refusal(-5, /^Block not found$/))
  })

  it('of the chain count its transactions', async () => {
    const whole = await call('getchaintxstats')
    assert.deepEqual(
      [whole.txcount, whole.window_block_count, whole.window_final_block_height],
      [104 + 1 + 3, 103, 104],
    )
    assert.equal(whole.window_tx_count, 103 + 3)
    const two = await call('getchaintxstats', 2, blockHash)
    assert.deepEqual([two.window_tx_count, two.window_block_count], [5, 2])
    const none = await call('getchaintxstats', 0)
    assert.deepEqual(Object.keys(none), [
      'time',
      'txcount',
      'window_final_block_hash',
      'window_final_block_height',
      'window_block_count',
    ])
    for (const wrong of [-1, 104])
      await assert.rejects(
        call('getchaintxstats', wrong),
        refusal(-8, /^Invalid block count: should be between 0/),
      )
    await assert.rejects(call('getchaintxstats', 1, UNKNOWN), refusal(-5, /^Block not found$/))
  })

  it('of a header have the number of its transactions', async () => {
    const header = await call('getblockheader', blockHash)
    assert.equal(header.nTx, 4)
    assert.equal(header.difficulty, 4.656542373906925e-10)
  })

  it('tell which soft forks hold', async () => {
    const { deployments, height } = await call<{ deployments: Record<string, Json>; height: number }>(
      'getdeploymentinfo',
    )
    assert.equal(height, 104)
    assert.deepEqual(Object.keys(deployments), ['bip34', 'bip66', 'bip65', 'csv', 'segwit', 'taproot'])
    for (const { active } of Object.values(deployments)) assert.equal(active, true)
    assert.deepEqual(deployments.segwit, { type: 'buried', active: true, height: 0 })
    await assert.rejects(call('getdeploymentinfo', UNKNOWN), refusal(-5, /^Block not found$/))
  })
})

describe('calls that wait', () => {
  let node: OnehopNode

  const call = <T = Json>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  const mine = () => call<string[]>('generatetoaddress', 1, STRANGER)

  before(async () => {
    node = await startNode({ inMemory: true })
  })
  after(() => node.stop())

  it('answer with the next tip', async () => {
    const waiting = call('waitfornewblock')
    const [hash] = await mine()
    assert.deepEqual(await waiting, { hash, height: 1 })
    assert.deepEqual(await call('waitfornewblock', 0, UNKNOWN), { hash, height: 1 })
  })

  it('answer when a height or a block is there', async () => {
    const height = call('waitforblockheight', 3)
    await mine()
    const [hash] = await mine()
    assert.deepEqual(await height, { hash, height: 3 })
    assert.deepEqual(await call('waitforblock', hash), { hash, height: 3 })
    assert.deepEqual(await call('waitforblockheight', 1), { hash, height: 3 })
  })

  it('answer with what there is when the time is over', async () => {
    const tip = { hash: await call('getbestblockhash'), height: 3 }
    assert.deepEqual(await call('waitfornewblock', 1), tip)
    assert.deepEqual(await call('waitforblock', UNKNOWN, 1), tip)
    assert.deepEqual(await call('waitforblockheight', 99, 1), tip)
    await assert.rejects(call('waitfornewblock', -1), refusal(-1, /^Negative timeout$/))
  })
})
