import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

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
