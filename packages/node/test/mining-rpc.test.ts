import assert from 'node:assert/strict'
import {
  Block,
  BlockHeader,
  blockHashToHex,
  checkProofOfWork,
  hexToBlockHash,
  NULL_OUTPOINT,
  parseTransaction,
  pushNumber,
  REGTEST,
  scriptOf,
  serializeBlock,
  serializeHeader,
  Transaction,
  transactionMerkleRoot,
} from '@onehop/ledger'
import { type OnehopNode, startNode } from '@onehop/node'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

type Json = Record<string, unknown>

interface TemplateJson extends Json {
  readonly version: number
  readonly previousblockhash: string
  readonly transactions: readonly {
    data: string
    txid: string
    depends: number[]
    fee: bigint
    weight: number
  }[]
  readonly coinbasevalue: bigint
  readonly bits: string
  readonly curtime: number
  readonly mintime: number
  readonly height: number
  readonly longpollid: string
  readonly default_witness_commitment: string
}

/** The block that a miner makes of a template: without the coinbase's witness, as BIP 22 allows. */
function blockOf(template: TemplateJson, extraNonce = 1): Block {
  const coinbase = new Transaction({
    version: 2,
    inputs: [
      {
        previousOutput: NULL_OUTPOINT,
        scriptSig: scriptOf(pushNumber(template.height), pushNumber(extraNonce)),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [
      { value: template.coinbasevalue, scriptPubKey: hexToBytes('51') },
      { value: 0n, scriptPubKey: hexToBytes(template.default_witness_commitment) },
    ],
    lockTime: 0,
  })
  const transactions = [
    coinbase,
    ...template.transactions.map(({ data }) => parseTransaction(hexToBytes(data))),
  ]
  const header = new BlockHeader({
    version: template.version,
    previousBlock: hexToBlockHash(template.previousblockhash),
    merkleRoot: transactionMerkleRoot(transactions).root,
    time: template.curtime,
    bits: Number.parseInt(template.bits, 16),
    nonce: 0,
  })
  return new Block(header, transactions)
}

function solved({ header, transactions }: Block): Block {
  const { version, previousBlock, merkleRoot, time, bits } = header
  for (let nonce = 0; ; nonce++) {
    const candidate = new BlockHeader({ version, previousBlock, merkleRoot, time, bits, nonce })
    if (checkProofOfWork(candidate.hash, bits, REGTEST.powLimit)) return new Block(candidate, transactions)
  }
}

const hexOf = (block: Block) => bytesToHex(serializeBlock(block))

describe('mining from outside', () => {
  let node: OnehopNode

  const call = <T = Json>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  const template = (request: Json = {}) =>
    call<TemplateJson>('getblocktemplate', { rules: ['segwit'], ...request })

  before(async () => {
    node = await startNode({ inMemory: true })
    await call('generatetoaddress', 101, await call<string>('wallet.address'))
  })
  after(() => node.stop())

  it('takes a block that was made of a template', async () => {
    const parent = await call<string>('sendtoaddress', STRANGER, 1)
    const child = await call<string>('sendtoaddress', STRANGER, 2)
    const made = await template()
    assert.deepEqual([made.height, made.transactions.length], [102, 2])
    assert.deepEqual(
      made.transactions.map(({ txid, depends }) => [txid, depends]),
      [
        [parent, []],
        [child, [1]],
      ],
    )
    const fees = made.transactions.reduce((sum, { fee }) => sum + fee, 0n)
    assert.equal(made.coinbasevalue, 5_000_000_000n + fees)
    assert.equal(made.previousblockhash, await call('getbestblockhash'))
    assert(made.curtime >= made.mintime)

    assert.equal(
      await call('getblocktemplate', { mode: 'proposal', data: hexOf(withNonce(blockOf(made))) }),
      null,
    )
    const block = solved(blockOf(made))
    assert.equal(await call('submitblock', hexOf(block)), null)
    assert.equal(await call('getbestblockhash'), blockHashToHex(block.hash))
    assert.equal(await call('submitblock', hexOf(block)), 'duplicate')
    assert.deepEqual(await call('getrawmempool'), [])
  })

  it('judges proposals', async () => {
    const made = await template()
    const tooMuch = blockOf({ ...made, coinbasevalue: made.coinbasevalue + 1n })
    const propose = (block: Block) => call('getblocktemplate', { mode: 'proposal', data: hexOf(block) })
    assert.equal(await propose(withNonce(tooMuch)), 'bad-cb-amount')
    assert.equal(await propose(withNonce(blockOf(made))), null)
    assert.equal(await propose(withNonce(blockOf({ ...made, curtime: 1 }))), 'time-too-old')
    const elsewhere = { ...made, previousblockhash: await call<string>('getblockhash', 50) }
    assert.equal(await propose(withNonce(blockOf(elsewhere))), 'inconclusive-not-best-prevblk')
    const known = await call<string>('getblock', await call<string>('getbestblockhash'), 0)
    assert.equal(await call('getblocktemplate', { mode: 'proposal', data: known }), 'duplicate')
    await assert.rejects(
      call('getblocktemplate', { mode: 'proposal' }),
      refusal(-3, /^Missing data String key/),
    )
    await assert.rejects(
      call('getblocktemplate', { mode: 'proposal', data: '00' }),
      refusal(-22, /^Block decode failed$/),
    )
  })

  it('lets a miner wait for something better', async () => {
    const { longpollid } = await template()
    const waiting = template({ longpollid })
    await call('generatetoaddress', 1, STRANGER)
    assert.equal((await waiting).height, Number((await call<number>('getblockcount')) + 1))
    await assert.rejects(template({ longpollid: 'x' }), refusal(-8, /^longpollid must be of length 64/))
  })

  it('refuses miners who do not know segwit, and modes that there are not', async () => {
    await assert.rejects(
      call('getblocktemplate'),
      refusal(
        -8,
        /^getblocktemplate must be called with the segwit rule set \(call with \{"rules": \["segwit"\]\}\)$/,
      ),
    )
    await assert.rejects(
      call('getblocktemplate', { mode: 'x', rules: ['segwit'] }),
      refusal(-8, /^Invalid mode$/),
    )
  })

  it('says that a block is not on the best branch', async () => {
    const made = await template()
    const [one, two] = [solved(blockOf(made, 1)), solved(blockOf(made, 2))]
    assert.equal(await call('submitblock', hexOf(one)), null)
    assert.equal(await call('submitblock', hexOf(two)), 'inconclusive')
  })

  it('takes headers whose parents it has', async () => {
    const { header } = solved(blockOf(await template(), 7))
    const hex = bytesToHex(serializeHeader(header))
    assert.equal(await call('submitheader', hex), null)
    const tips = await call<{ hash: string; status: string }[]>('getchaintips')
    assert.equal(tips.find(({ hash }) => hash === blockHashToHex(header.hash))?.status, 'headers-only')
    const orphan = hex.slice(0, 8) + '11'.repeat(32) + hex.slice(72)
    await assert.rejects(
      call('submitheader', orphan),
      refusal(-25, new RegExp(`^Must submit previous header \\(${'11'.repeat(32)}\\) first$`)),
    )
    await assert.rejects(call('submitheader', '00'), refusal(-22, /^Block header decode failed$/))
    const early = new BlockHeader({ ...fieldsOf(header), time: 1 })
    await assert.rejects(
      call('submitheader', bytesToHex(serializeHeader(solved(new Block(early, [])).header))),
      refusal(-25, /^time-too-old$/),
    )
  })

  it('tells the state of mining', async () => {
    const info = await call<Json & { next: Json }>('getmininginfo')
    assert.deepEqual(Object.keys(info), [
      'blocks',
      'currentblockweight',
      'currentblocktx',
      'bits',
      'difficulty',
      'target',
      'networkhashps',
      'pooledtx',
      'chain',
      'next',
      'warnings',
    ])
    assert.deepEqual(
      [info.currentblockweight, info.currentblocktx, info.next.height],
      [8_000, 0, Number(info.blocks) + 1],
    )
    assert.deepEqual(info.next.bits, '207fffff')
  })

  it('estimates the speed of the network as bitcoind does', async () => {
    const height = await call<number>('getblockcount')
    const timeAt = async (at: number) => {
      const { time } = await call<{ time: number }>('getblockheader', await call<string>('getblockhash', at))
      return time
    }
    const [first, last] = [await timeAt(1), await timeAt(height)]
    // Every block of regtest takes two hashes on average.
    const expected = last === first ? 0 : Number(((2 * (height - 1)) / (last - first)).toPrecision(16))
    assert.equal(await call('getnetworkhashps', height - 1), expected)
    assert.equal(await call('getnetworkhashps', 120, 0), 0)
    for (const blocks of [0, -2])
      await assert.rejects(
        call('getnetworkhashps', blocks),
        refusal(-8, /^Invalid nblocks\. Must be a positive number or -1\.$/),
      )
    await assert.rejects(
      call('getnetworkhashps', 1, height + 1),
      refusal(-8, /^Block does not exist at specified height$/),
    )
  })

  it('goes by the time that a test sets', async () => {
    const future = 2_000_000_000
    assert.equal(await call('setmocktime', future), null)
    const [hash] = await call<string[]>('generatetoaddress', 1, STRANGER)
    assert.equal((await call<{ time: number }>('getblockheader', hash)).time, future)
    assert.equal(await call('setmocktime', 0), null)
    for (const wrong of [-1, 9_223_372_037])
      await assert.rejects(
        call('setmocktime', wrong),
        refusal(-8, /^Mocktime must be in the range \[0, 9223372036\], not -?\d+\.$/),
      )
  })
})

function fieldsOf({ version, previousBlock, merkleRoot, bits, nonce }: BlockHeader) {
  return { version, previousBlock, merkleRoot, bits, nonce }
}

function withNonce({ header, transactions }: Block): Block {
  const [coinbase, ...others] = transactions
  const [input] = coinbase?.inputs ?? []
  assert(coinbase && input)
  const { version, outputs, lockTime } = coinbase
  const inputs = [{ ...input, witness: [new Uint8Array(32)] }]
  return new Block(header, [new Transaction({ version, inputs, outputs, lockTime }), ...others])
}
