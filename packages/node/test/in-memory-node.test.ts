import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcClient, RpcError } from '@onehop/rpc'

interface WalletTransaction {
  readonly amount: { readonly sats: bigint }
  readonly fee?: { readonly sats: bigint }
  readonly confirmations: number
  readonly details: readonly { category: string; vout: number; amount: { sats: bigint }; address: string }[]
}

/** Somebody else's. */
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

describe('a node in memory', () => {
  let node: OnehopNode

  const call = <T>(method: string, ...params: unknown[]) => node.call<T>(method, params)

  before(async () => {
    node = await startNode({ inMemory: true, name: 'tester' })
    await call('generatetoaddress', 101, await call<string>('wallet.address'))
  })

  after(() => node.stop())

  it('has no port, no peers and no files', () => {
    const { rpc, peers, peerId, datadir, name, height, balanceSats } = node.status()
    assert.deepEqual([rpc, peers, peerId, datadir], ['', 0, '', ''])
    assert.deepEqual([name, height, balanceSats], ['tester', 101, 5_000_000_000])
    assert.equal(node.rpcUrl, '')
  })

  it('pays, and shows the payment as bitcoind does', async () => {
    const txid = await call<string>('sendtoaddress', STRANGER, 1.5)
    const waiting = await call<Record<string, unknown>>('getmempoolentry', txid)
    assert.deepEqual([waiting.ancestorcount, waiting.depends, waiting.spentby], [1, [], []])
    const { 'bip125-replaceable': replaceable } = await call<Record<string, unknown>>('gettransaction', txid)
    assert.equal(replaceable, 'yes')
    const { mine } = await call<{ mine: Record<string, { sats: bigint }> }>('getbalances')
    assert.deepEqual([mine.trusted?.sats, mine.untrusted_pending?.sats], [4_849_999_718n, 0n])
    const [change, ...others] = await call<Record<string, unknown>[]>('listunspent', 0)
    assert.deepEqual([change?.txid, change?.confirmations, change?.safe, others], [txid, 0, true, []])
    assert.equal(await call('getdescriptorinfo', change?.desc).then(() => 'known'), 'known')
    assert.match(String(change?.desc), /^wpkh\(.*\)#[0-9a-z]{8}$/)
    assert.deepEqual(await call('listunspent'), [])
    await call('generatetoaddress', 1, STRANGER)

    const { amount, fee, confirmations, details } = await call<WalletTransaction>('gettransaction', txid)
    assert.deepEqual([amount.sats, fee?.sats, confirmations], [-150_000_000n, -282n, 1])
    assert.deepEqual(
      details.map(detail => [detail.category, detail.address, detail.amount.sats]),
      [['send', STRANGER, -150_000_000n]],
    )
    const listed = await call<Record<string, unknown>[]>('listtransactions', '*', 1000)
    const [sent] = listed.filter(entry => entry.txid === txid)
    assert.deepEqual([sent?.category, sent?.address, sent?.vout], ['send', STRANGER, details[0]?.vout])

    const hash = await call<string>('getbestblockhash')
    const block = await call<{ tx: { txid: string; fee?: { sats: bigint } }[] }>('getblock', hash, 2)
    assert.deepEqual(
      block.tx.map(transaction => transaction.fee?.sats),
      [undefined, 282n],
    )
  })

  it('lists what it mines as immature, then as generated', async () => {
    const all = await call<{ category: string; confirmations: number }[]>('listtransactions', '*', 1000)
    const mined = all.filter(({ category }) => category === 'generate' || category === 'immature')
    assert.equal(mined.length, 101)
    for (const { category, confirmations } of mined) {
      assert.equal(category, confirmations > 100 ? 'generate' : 'immature')
    }
  })

  it('hands in what others signed, once', async () => {
    const order = { address: STRANGER, amountSats: 1000 }
    const { hex, txid } = await node.call<{ hex: string; txid: string }>('wallet.signPayment', order)
    const [tested] = await call<{ allowed: boolean }[]>('testmempoolaccept', [hex])
    assert.equal(tested?.allowed, true)
    assert.equal(await call('sendrawtransaction', hex), txid)
    assert.equal(await call('sendrawtransaction', hex), txid)
    await call('generatetoaddress', 1, STRANGER)
    await assert.rejects(call('sendrawtransaction', hex), refusal(-27, /./))
    const [again] = await call<{ 'reject-reason': string }[]>('testmempoolaccept', [hex])
    assert.equal(again?.['reject-reason'], 'txn-already-known')
  })

  it('says of what is no hex that it is no transaction, as of any other text', async () => {
    for (const method of ['sendrawtransaction', 'decoderawtransaction'])
      await assert.rejects(call(method, 'zz'), refusal(-22, /^TX decode failed\./))
    await assert.rejects(call('testmempoolaccept', ['zz']), refusal(-22, /^TX decode failed: zz/))
    await assert.rejects(call('testmempoolaccept', [5]), refusal(-3, /not of expected type string/))
  })

  it('says that the inputs of a transaction are missing', async () => {
    const hex = `0200000001${'11'.repeat(32)}0000000000ffffffff01e803000000000000160014${'22'.repeat(20)}00000000`
    const [tested] = await call<{ 'reject-reason': string }[]>('testmempoolaccept', [hex])
    assert.equal(tested?.['reject-reason'], 'missing-inputs')
    await assert.rejects(call('sendrawtransaction', hex), refusal(-25, /^bad-txns-inputs-missingorspent/))
  })

  it('takes blocks that were mined elsewhere, and names what is wrong with others', async () => {
    const hash = await call<string>('getbestblockhash')
    const block = await call<string>('getblock', hash, 0)
    assert.equal(await call('submitblock', block), 'duplicate')
    await assert.rejects(call('submitblock', '00'), refusal(-22, /Block decode failed/))
    await assert.rejects(call('submitblock', 'zz'), refusal(-22, /Block decode failed/))
    await assert.rejects(call('submitheader', 'zz'), refusal(-22, /Block header decode failed/))

    const other = await startNode({ inMemory: true })
    try {
      const answers: unknown[] = []
      for (let height = 1; height <= 3; height++) {
        const hex = await call<string>('getblock', await call<string>('getblockhash', height), 0)
        answers.push(await other.call('submitblock', [hex]))
      }
      assert.deepEqual([answers, other.status().height], [[null, null, null], 3])
      const orphan = await other.call<string | null>('submitblock', [block])
      assert.equal(orphan, 'prev-blk-not-found')
    } finally {
      await other.stop()
    }
  })

  it('has nothing to estimate a fee from, as bitcoind on regtest', async () => {
    const none = { errors: ['Insufficient data or no feerate found'], blocks: 0 }
    assert.deepEqual(await call('estimatesmartfee', 6), none)
    await assert.rejects(call('estimatesmartfee', 0), refusal(-8, /^Invalid conf_target, must be between 1/))
    await assert.rejects(call('estimatesmartfee', 6, 'fast'), refusal(-8, /^Invalid estimate_mode parameter/))
    const raw = await call<Record<string, { errors: string[] }>>('estimaterawfee', 20)
    assert.deepEqual(Object.keys(raw), ['medium', 'long'])
  })

  it('refuses with the codes of bitcoind', async () => {
    const address = await call<string>('getnewaddress')
    await assert.rejects(call('sendtoaddress', 'xyz', 1), refusal(-5, /^Invalid address "xyz"/))
    await assert.rejects(call('sendtoaddress', address, 1e6), refusal(-6, /^Insufficient funds/))
    await assert.rejects(call('sendtoaddress', address, 0), refusal(-3, /more than 0/))
    await assert.rejects(call('getblockhash', 999), refusal(-8, /out of range/))
    await assert.rejects(call('getblock', '00'.repeat(32)), refusal(-5, /Block not found/))
    await assert.rejects(call('generatetoaddress', 1, 'xyz'), refusal(-5, /^Invalid address/))
    await assert.rejects(call('testmempoolaccept', [[['00']]]), refusal(-3, /not of expected type string/))
    await assert.rejects(call('nonsense'), refusal(-32601, /Method not found/))
    await assert.rejects(call('content.list'), refusal(-9, /without peers/))
  })

  it('validates addresses', async () => {
    const valid = await call<Record<string, unknown>>('validateaddress', STRANGER)
    assert.deepEqual([valid.isvalid, valid.iswitness, valid.witness_version], [true, true, 0])
    const foreign = await call<Record<string, unknown>>(
      'validateaddress',
      'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    )
    assert.equal(foreign.isvalid, false)
    assert.match(String(foreign.error), /another network/)
  })

  it('can have a port all the same, with credentials that only calls inside the process make needless', async () => {
    const served = await startNode({ inMemory: true, rpcPort: 0 })
    try {
      const client = new RpcClient({ url: served.rpcUrl })
      await assert.rejects(client.call('getblockcount'), /wants credentials/)
      assert.deepEqual(await client.health(), { ready: true })
      client.close()
      assert.equal(await served.call('getblockcount'), 0)
    } finally {
      await served.stop()
    }
  })

  it('stops when it is asked to by a call', async () => {
    const other = await startNode({ inMemory: true })
    assert.equal(await other.call('stop'), 'onehop stopping')
    await other.stopped
  })
})
