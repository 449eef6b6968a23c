import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const KEY = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'
const TXID = '11'.repeat(32)

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

type Json = Record<string, unknown>

describe('raw transactions, scripts and descriptors', () => {
  let node: OnehopNode

  const call = <T = Json>(method: string, ...params: unknown[]) => node.call<T>(method, params)

  before(async () => {
    node = await startNode({ inMemory: true, blockFilterIndex: true })
    await call('generatetoaddress', 101, await call<string>('wallet.address'))
  })
  after(() => node.stop())

  it('makes transactions of what is named', async () => {
    const inputs = [{ txid: TXID, vout: 1 }]
    const outputs = [{ [STRANGER]: 0.5 }, { data: '68656c6c6f' }]
    const hex = await call<string>('createrawtransaction', inputs, outputs)
    assert.equal(
      hex,
      `0200000001${TXID}0100000000fdffffff0280f0fa0200000000160014751e76e8199196d454941c45d1b3a323f1433bd6` +
        '0000000000000000076a0568656c6c6f00000000',
    )
    const decoded = await call<Json & { vin: Json[] }>('decoderawtransaction', hex)
    assert.equal(decoded.vin[0]?.sequence, 0xffff_fffd)
    const sequenceOf = async (...rest: unknown[]) => {
      const made = await call<string>('createrawtransaction', inputs, { [STRANGER]: '0.5' }, ...rest)
      const { vin, locktime, version } = await call<Json & { vin: Json[] }>('decoderawtransaction', made)
      return [vin[0]?.sequence, locktime, version]
    }
    assert.deepEqual(await sequenceOf(0, false), [0xffff_ffff, 0, 2])
    assert.deepEqual(await sequenceOf(7, false, 3), [0xffff_fffe, 7, 3])
  })

  it('refuses transactions with the words of bitcoind', async () => {
    const make = (inputs: unknown, outputs: unknown, ...rest: unknown[]) =>
      call('createrawtransaction', inputs, outputs, ...rest)
    const input = { txid: TXID, vout: 0 }
    for (const [inputs, outputs, code, message] of [
      [[{ txid: 'ab', vout: 0 }], {}, -8, /^txid must be of length 64 \(not 2, for 'ab'\)$/],
      [[{ txid: TXID }], {}, -8, /^Invalid parameter, missing vout key$/],
      [[{ txid: TXID, vout: -1 }], {}, -8, /^Invalid parameter, vout cannot be negative$/],
      [[{ ...input, sequence: -1 }], {}, -8, /^Invalid parameter, sequence number is out of range$/],
      [[input], { x: 1 }, -5, /^Invalid Bitcoin address: x$/],
      [[input], [{ [STRANGER]: 1 }, { [STRANGER]: 1 }], -8, /^Invalid parameter, duplicated address: bcrt1/],
      [[input], [{ data: '' }, { data: '' }], -8, /^Invalid parameter, duplicate key: data$/],
      [[input], [{ a: 1, b: 2 }], -8, /^Invalid parameter, key-value pair must contain exactly one key$/],
      [[input], [1], -8, /^Invalid parameter, key-value pair not an object as expected$/],
      [[input], { [STRANGER]: -1 }, -3, /^Amount out of range/],
    ] as const)
      await assert.rejects(make(inputs, outputs), refusal(code, message))
    await assert.rejects(make([input], {}, -1), refusal(-8, /locktime out of range$/))
    await assert.rejects(make([input], {}, 0, true, 4), refusal(-8, /version out of range\(1~3\)$/))
    await assert.rejects(
      make([{ ...input, sequence: 0xffff_fffe }], {}, 0, true),
      refusal(-8, /^Invalid parameter combination: Sequence number\(s\) contradict replaceable option$/),
    )
  })

  it('tells what a script is, and which addresses pay to it', async () => {
    const key = await call<Json & { segwit: Json }>('decodescript', `21${KEY}ac`)
    assert.deepEqual([key.type, key.asm], ['pubkey', `${KEY} OP_CHECKSIG`])
    assert.match(String(key.desc), new RegExp(`^pk\\(${KEY}\\)#.{8}$`))
    assert.deepEqual([key.segwit.type, key.segwit.address], ['witness_v0_keyhash', STRANGER])
    assert.match(String(key.p2sh), /^2/)
    const multisig = await call<Json & { segwit: Json }>('decodescript', `5121${KEY}51ae`)
    assert.deepEqual([multisig.type, multisig.segwit.type], ['multisig', 'witness_v0_scripthash'])
    const witness = await call('decodescript', '0014751e76e8199196d454941c45d1b3a323f1433bd6')
    assert.deepEqual([witness.address, 'p2sh' in witness, 'segwit' in witness], [STRANGER, true, false])
    for (const unwrappable of ['6a0568656c6c6f', `5120${KEY.slice(2)}`, '4c', 'ba'])
      assert.equal('p2sh' in (await call('decodescript', unwrappable)), false, unwrappable)
  })

  it('knows descriptors', async () => {
    const info = await call('getdescriptorinfo', `wpkh(${KEY})`)
    assert.deepEqual([info.isrange, info.issolvable, info.hasprivatekeys], [false, true, false])
    assert.equal(info.descriptor, `wpkh(${KEY})#${info.checksum}`)
    assert.deepEqual(await call('deriveaddresses', info.descriptor), [STRANGER])
    const combo = await call('getdescriptorinfo', `combo(${KEY})`)
    assert.equal((await call<string[]>('deriveaddresses', combo.descriptor)).length, 3)
    await assert.rejects(call('deriveaddresses', `wpkh(${KEY})`), refusal(-5, /^Missing checksum$/))
    await assert.rejects(call('deriveaddresses', info.descriptor, 1), refusal(-8, /un-ranged descriptor$/))
    const raw = await call('getdescriptorinfo', 'raw(51)')
    assert.equal(raw.issolvable, false)
    await assert.rejects(
      call('deriveaddresses', raw.descriptor),
      refusal(-5, /^Descriptor does not have a corresponding address$/),
    )
    await assert.rejects(call('getdescriptorinfo', 'x(1)'), refusal(-5, /is not a valid descriptor function/))
  })

  it('mines blocks to order', async () => {
    const one = await call<string>('sendtoaddress', STRANGER, 1)
    const [hash] = await call<string[]>('generatetodescriptor', 1, `combo(${KEY})`)
    const { tx } = await call<{ tx: string[] }>('getblock', hash)
    assert.equal(tx[1], one)
    const two = await call<string>('sendtoaddress', STRANGER, 2)
    const three = await call<string>('sendtoaddress', STRANGER, 3)
    const raw = await call<string>('getrawtransaction', two)
    const made = await call<{ hash: string; hex: string }>('generateblock', STRANGER, [raw], false)
    assert.notEqual(await call('getbestblockhash'), made.hash)
    const block = await call<{ hash: string }>('generateblock', `addr(${STRANGER})`, [two])
    assert.equal(await call('getbestblockhash'), block.hash)
    assert.deepEqual(await call('getrawmempool'), [three])
    await assert.rejects(
      call('generateblock', 'x', []),
      refusal(-5, /^Error: Invalid address or descriptor$/),
    )
    await assert.rejects(call('generateblock', STRANGER, [TXID]), refusal(-5, /not in mempool\.$/))
    await assert.rejects(
      call('generateblock', STRANGER, ['00']),
      refusal(-22, /^Transaction decode failed for 00/),
    )
    await assert.rejects(
      call('generateblock', STRANGER, [raw]),
      refusal(-25, /^TestBlockValidity failed: bad-txns-BIP30$/),
    )
  })

  it('finds blocks by their filters', async () => {
    await call('generatetoaddress', 1, STRANGER)
    const height = await call<number>('getblockcount')
    assert.equal(await call('syncwithvalidationinterfacequeue'), null)
    const scan = (...params: unknown[]) => call<Json & { relevant_blocks: string[] }>('scanblocks', ...params)
    const found = await scan('start', [`addr(${STRANGER})`], 102, height, 'basic', {
      filter_false_positives: true,
    })
    assert.deepEqual([found.from_height, found.to_height, found.completed], [102, height, true])
    assert(found.relevant_blocks.includes(await call<string>('getbestblockhash')))
    const none = await scan('start', ['raw(00)'], 0, 100, 'basic', { filter_false_positives: true })
    assert.deepEqual(none.relevant_blocks, [])
    assert.equal(await scan('status'), null)
    await assert.rejects(scan('start', [], 999), refusal(-1, /^Invalid start_height$/))
    await assert.rejects(scan('start', [], 5, 4), refusal(-1, /^Invalid stop_height$/))
    await assert.rejects(scan('start', [], 0, 1, 'x'), refusal(-5, /^Unknown filtertype$/))
  })

  it('has one state of coins', async () => {
    const { headers, chainstates } = await call<{ headers: number; chainstates: Json[] }>('getchainstates')
    assert.deepEqual(
      [chainstates.length, chainstates[0]?.blocks, chainstates[0]?.validated],
      [1, headers, true],
    )
  })
})
