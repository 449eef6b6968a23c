import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const OTHER = 'bcrt1q6rhpng9evdsfnn833a4f4vej0asu6dk5srld6x'
const UNKNOWN = '11'.repeat(32)

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

type Json = Record<string, unknown>

interface TransactionJson extends Json {
  readonly vin: readonly { readonly prevout?: Json }[]
  readonly vout: readonly { readonly scriptPubKey: Json }[]
}

async function callerOf(node: OnehopNode) {
  const call = <T>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  await call('generatetoaddress', 101, await call<string>('wallet.address'))
  const txid = await call<string>('sendtoaddress', STRANGER, 1)
  const [hash = ''] = await call<string[]>('generatetoaddress', 1, STRANGER)
  return { call, txid, hash }
}

/** A block's coinbase, which is the wallet's own in the first hundred blocks. */
async function coinbaseOf(call: OnehopNode['call'], hash: string): Promise<string> {
  const { tx } = await call<{ tx: string[] }>('getblock', [hash])
  return tx[0] ?? assert.fail()
}

describe('a node with indexes', () => {
  let node: OnehopNode
  let parts: Awaited<ReturnType<typeof callerOf>>

  before(async () => {
    node = await startNode({ inMemory: true, txindex: true, blockFilterIndex: true })
    parts = await callerOf(node)
  })
  after(() => node.stop())

  it('tells how far they have come', async () => {
    const { call, txid } = parts
    // Answers when the index has what the chain has.
    await call('getrawtransaction', txid)
    await call('getblockfilter', parts.hash)
    assert.deepEqual(await call('getindexinfo'), {
      txindex: { synced: true, best_block_height: 102 },
      'basic block filter index': { synced: true, best_block_height: 102 },
    })
    assert.deepEqual(Object.keys(await call<Json>('getindexinfo', 'txindex')), ['txindex'])
    assert.deepEqual(await call('getindexinfo', 'coinstatsindex'), {})
  })

  it('finds a transaction of strangers whose outputs are all spent', async () => {
    const { call } = parts
    const other = await startNode({ inMemory: true, txindex: true })
    try {
      for (let height = 1; height <= 102; height++) {
        const hash = await call<string>('getblockhash', height)
        assert.equal(await other.call('submitblock', [await call('getblock', hash, 0)]), null)
      }
      const spentCoinbase = await coinbaseOf(node.call.bind(node), await call<string>('getblockhash', 1))
      const found = await other.call<Json>('getrawtransaction', [spentCoinbase, 1])
      assert.equal(found.confirmations, 102)
      assert.equal(found.blockhash, await call('getblockhash', 1))
    } finally {
      await other.stop()
    }
  })

  it('shows the fee and the coins that were spent at verbosity 2', async () => {
    const { call, txid, hash } = parts
    const plain = await call<TransactionJson>('getrawtransaction', txid, 1)
    assert.equal('fee' in plain || plain.vin[0]?.prevout !== undefined, false)
    const full = await call<TransactionJson>('getrawtransaction', txid, 2)
    assert.equal(String(full.fee), '0.00000282')
    const { prevout } = full.vin[0] ?? assert.fail()
    assert.deepEqual([prevout?.generated, String(prevout?.value)], [true, '50.00000000'])
    assert.match(String((prevout?.scriptPubKey as Json | undefined)?.desc), /^addr\(bcrt1.*\)#.{8}$/)
    const named = await call<Json>('getrawtransaction', txid, true, hash)
    assert.equal(named.in_active_chain, true)
    assert.deepEqual(Object.keys(named).slice(-5), ['hex', 'blockhash', 'confirmations', 'time', 'blocktime'])
  })

  it('shows the coins that a block spends at verbosity 3, and no more above', async () => {
    const { call, hash } = parts
    const prevoutsAt = async (verbosity: number) => {
      const { tx } = await call<{ tx: TransactionJson[] }>('getblock', hash, verbosity)
      return tx.map(({ vin, fee }) => [vin[0]?.prevout !== undefined, String(fee ?? '')])
    }
    assert.deepEqual(await prevoutsAt(2), [
      [false, ''],
      [false, '0.00000282'],
    ])
    assert.deepEqual(await prevoutsAt(3), [
      [false, ''],
      [true, '0.00000282'],
    ])
    assert.deepEqual(await prevoutsAt(9), await prevoutsAt(3))
    assert.equal(await call('getblock', hash, -1), await call('getblock', hash, 0))
  })

  it('gives filters that chain to the first block’s', async () => {
    const { call, hash } = parts
    // BIP 158's filter of regtest's first block, as Bitcoin Core has it.
    const genesis = await call<Json>('getblockfilter', await call<string>('getblockhash', 0))
    assert.equal(genesis.filter, '014756c0')
    assert.match(String(genesis.header), /^[0-9a-f]{64}$/)
    const filter = await call<Json>('getblockfilter', hash, 'basic')
    assert.deepEqual(Object.keys(filter), ['filter', 'header'])
  })

  it('refuses what bitcoind refuses', async () => {
    const { call, hash } = parts
    await assert.rejects(call('getblockfilter', hash, 'extended'), refusal(-5, /^Unknown filtertype$/))
    await assert.rejects(call('getblockfilter', UNKNOWN), refusal(-5, /^Block not found$/))
    await assert.rejects(
      call('getrawtransaction', UNKNOWN),
      refusal(
        -5,
        /^No such mempool or blockchain transaction\. Use gettransaction for wallet transactions\.$/,
      ),
    )
    await assert.rejects(
      call('getrawtransaction', UNKNOWN, 0, hash),
      refusal(-5, /^No such transaction found in the provided block\. Use gettransaction/),
    )
    await assert.rejects(
      call('getrawtransaction', UNKNOWN, 0, UNKNOWN),
      refusal(-5, /^Block hash not found$/),
    )
    const genesisCoinbase = await coinbaseOf(node.call.bind(node), await call<string>('getblockhash', 0))
    await assert.rejects(
      call('getrawtransaction', genesisCoinbase),
      refusal(-5, /^The genesis block coinbase is not considered an ordinary transaction/),
    )
  })

  it('follows a reorganisation', async () => {
    const { call, txid, hash } = parts
    await call('invalidateblock', hash)
    await call('generatetoaddress', 1, OTHER)
    const [again = ''] = await call<string[]>('generatetoaddress', 1, OTHER)
    const found = await call<Json>('getrawtransaction', txid, 1)
    assert.notEqual(found.blockhash, hash)
    const stale = await call<Json>('getrawtransaction', txid, 1, hash)
    assert.deepEqual([stale.in_active_chain, stale.confirmations, 'time' in stale], [false, 0, false])
    const { header } = await call<Json>('getblockfilter', again)
    assert.match(String(header), /^[0-9a-f]{64}$/)
    await call<Json>('getblockfilter', hash)
  })
})

describe('a node without indexes', () => {
  let node: OnehopNode

  before(async () => {
    node = await startNode({ inMemory: true })
  })
  after(() => node.stop())

  it('says so', async () => {
    assert.deepEqual(await node.call('getindexinfo'), {})
    const hash = await node.call<string>('getbestblockhash')
    await assert.rejects(
      node.call('getblockfilter', [hash]),
      refusal(-1, /^Index is not enabled for filtertype basic$/),
    )
    await assert.rejects(
      node.call('getrawtransaction', [UNKNOWN]),
      refusal(-5, /^No such mempool transaction\. Use -txindex or provide a block hash to enable blockchain/),
    )
  })
})
