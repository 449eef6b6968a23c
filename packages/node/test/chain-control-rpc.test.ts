import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const UNKNOWN = '11'.repeat(32)

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

interface ChainTip {
  readonly height: number
  readonly hash: string
  readonly branchlen: number
  readonly status: string
}

describe('control over the chain', () => {
  let node: OnehopNode

  const call = <T>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  const mine = (count: number, address = STRANGER) => call<string[]>('generatetoaddress', count, address)

  before(async () => {
    node = await startNode({ inMemory: true })
    await mine(101, await call<string>('wallet.address'))
  })
  after(() => node.stop())

  it('leaves an invalidated block, and the wallet and the mempool follow', async () => {
    const txid = await call<string>('sendtoaddress', STRANGER, 1)
    const [paying] = await mine(2)
    const before = await call<{ amount: unknown }>('gettransaction', txid)
    assert.equal(await call('invalidateblock', paying), null)
    assert.equal(await call('getblockcount'), 101)
    assert.deepEqual(await call('getrawmempool'), [txid])
    const { confirmations } = await call<{ confirmations: number }>('gettransaction', txid)
    assert.equal(confirmations, 0)

    const tips = await call<ChainTip[]>('getchaintips')
    assert.deepEqual(
      tips.map(({ height, branchlen, status }) => [height, branchlen, status]),
      [
        [103, 2, 'invalid'],
        [101, 0, 'active'],
      ],
    )
    const info = await call<{ blocks: number; headers: number }>('getblockchaininfo')
    assert.deepEqual([info.blocks, info.headers], [101, 101])

    assert.equal(await call('reconsiderblock', paying), null)
    assert.equal(await call('getblockcount'), 103)
    assert.deepEqual(await call('getrawmempool'), [])
    assert.deepEqual((await call<{ amount: unknown }>('gettransaction', txid)).amount, before.amount)
  })

  it('mines beside an invalidated block, and prefers one of two tips', async () => {
    const [first] = await mine(1)
    await call('invalidateblock', first)
    const [second] = await mine(1, 'bcrt1q6rhpng9evdsfnn833a4f4vej0asu6dk5srld6x')
    await call('reconsiderblock', first)
    assert.equal(await call('getbestblockhash'), first)
    await call('preciousblock', second)
    assert.equal(await call('getbestblockhash'), second)
    await call('preciousblock', first)
    const tips = await call<ChainTip[]>('getchaintips')
    assert.deepEqual(
      new Set(tips.map(({ hash, status }) => `${status} ${hash}`)),
      new Set([`active ${first}`, `valid-fork ${second}`]),
    )
  })

  it('verifies the chain, by levels that are brought into range', async () => {
    for (const params of [[], [4, 0], [9, 1000], [-1]])
      assert.equal(await call('verifychain', ...params), true)
  })

  it('knows no block that it has never heard of', async () => {
    for (const method of ['invalidateblock', 'reconsiderblock', 'preciousblock'])
      await assert.rejects(call(method, UNKNOWN), refusal(-5, /^Block not found$/))
    await assert.rejects(
      call('invalidateblock', '00'),
      refusal(-8, /^blockhash must be of length 64 \(not 2, for '00'\)$/),
    )
  })
})
