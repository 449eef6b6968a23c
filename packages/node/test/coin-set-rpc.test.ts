import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

describe('scantxoutset', () => {
  let node: OnehopNode

  const call = <T = Record<string, unknown>>(method: string, ...params: unknown[]) =>
    node.call<T>(method, params)

  before(async () => {
    node = await startNode({ inMemory: true })
    await call('generatetoaddress', 2, STRANGER)
    await call('generatetoaddress', 1, await call<string>('wallet.address'))
  })
  after(() => node.stop())

  it('finds what an address, a script and a key were paid', async () => {
    const found = await call<{ unspents: Record<string, unknown>[] }>('scantxoutset', 'start', [
      `addr(${STRANGER})`,
    ])
    assert.deepEqual(Object.keys(found), [
      'success',
      'txouts',
      'height',
      'bestblock',
      'unspents',
      'total_amount',
    ])
    const { success, txouts, height, total_amount, unspents } = { ...found } as Record<string, unknown> &
      typeof found
    assert.deepEqual([success, txouts, height, String(total_amount)], [true, 3, 3, '100.00000000'])
    const heights = unspents.map(unspent => Number(unspent.height)).sort()
    assert.deepEqual(heights, [1, 2])
    const [unspent] = unspents
    assert.equal(unspent?.blockhash, await call('getblockhash', unspent?.height))
    assert.match(String(unspent?.desc), /^addr\(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080\)#.{8}$/)
    for (const object of [
      'raw(0014751e76e8199196d454941c45d1b3a323f1433bd6)',
      { desc: 'combo(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)' },
    ]) {
      const same = await call<{ unspents: unknown[] }>('scantxoutset', 'start', [object])
      assert.equal(same.unspents.length, 2)
    }
  })

  it('runs once at a time', async () => {
    const [first, second] = await Promise.allSettled([
      call('scantxoutset', 'start', []),
      call('scantxoutset', 'start', []),
    ])
    assert.equal(first.status, 'fulfilled')
    assert(second.status === 'rejected' && refusal(-8, /^Scan already in progress/)(second.reason))
    assert.equal(await call('scantxoutset', 'status'), null)
    assert.equal(await call('scantxoutset', 'abort'), false)
  })

  it('refuses what bitcoind refuses', async () => {
    await assert.rejects(call('scantxoutset', 'start'), refusal(-1, /^scanobjects argument is required/))
    await assert.rejects(call('scantxoutset', 'begin'), refusal(-8, /^Invalid action 'begin'$/))
    await assert.rejects(call('scantxoutset', 'start', ['addr(x)']), refusal(-5, /Address is not valid/))
    await assert.rejects(
      call('scantxoutset', 'start', [1]),
      refusal(-8, /^Scan object needs to be either a string or an object$/),
    )
    await assert.rejects(
      call('scantxoutset', 'start', [{}]),
      refusal(-8, /^Descriptor needs to be provided in scan object$/),
    )
  })
})

describe('gettxoutsetinfo', () => {
  let node: OnehopNode

  const call = <T = Record<string, unknown>>(method: string, ...params: unknown[]) =>
    node.call<T>(method, params)

  before(async () => {
    node = await startNode({ inMemory: true })
    await call('generatetoaddress', 3, STRANGER)
  })
  after(() => node.stop())

  it('has the fields of bitcoind, in its order', async () => {
    const info = await call('gettxoutsetinfo')
    assert.deepEqual(Object.keys(info), [
      'height',
      'bestblock',
      'txouts',
      'bogosize',
      'hash_serialized_3',
      'total_amount',
      'transactions',
      'disk_size',
    ])
    assert.deepEqual([info.height, info.txouts, info.transactions], [3, 3, 3])
    assert.equal(info.bestblock, await call('getbestblockhash'))
    assert.equal(String(info.total_amount), '150.00000000')
    assert.equal(info.bogosize, 3 * 72)
    assert.match(String(info.hash_serialized_3), /^[0-9a-f]{64}$/)
  })

  it('takes the other hash types', async () => {
    assert.match(String((await call('gettxoutsetinfo', 'muhash')).muhash), /^[0-9a-f]{64}$/)
    const none = await call('gettxoutsetinfo', 'none')
    assert.equal('muhash' in none || 'hash_serialized_3' in none, false)
  })

  it('refuses what bitcoind refuses', async () => {
    await assert.rejects(
      call('gettxoutsetinfo', 'sha256'),
      refusal(-8, /^'sha256' is not a valid hash_type$/),
    )
    await assert.rejects(
      call('gettxoutsetinfo', 'muhash', 1),
      refusal(-8, /^Querying specific block heights requires coinstatsindex$/),
    )
  })
})
