import assert from 'node:assert/strict'
import { BlockHeader, parseMerkleBlock, serializeMerkleBlock } from '@onehop/ledger'
import { type OnehopNode, startNode } from '@onehop/node'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import { RpcError } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const refusal = (code: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof RpcError)
  assert.deepEqual([error.code, error.message], [code, message])
  return true
}

describe('proofs over RPC', () => {
  let node: OnehopNode
  let payments: string[]
  let block: string
  let unconfirmed: string

  const call = <T>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  const proofOf = (...params: unknown[]) => call<string>('gettxoutproof', ...params)
  const proven = (proof: string) => call<string[]>('verifytxoutproof', proof)

  before(async () => {
    node = await startNode({ inMemory: true })
    await call('generatetoaddress', 103, await call<string>('wallet.address'))
    payments = [
      await call<string>('sendtoaddress', STRANGER, 1),
      await call<string>('sendtoaddress', STRANGER, 2),
    ]
    ;[block] = (await call<string[]>('generatetoaddress', 1, STRANGER)) as [string]
    unconfirmed = await call<string>('sendtoaddress', STRANGER, 3)
  })

  after(() => node.stop())

  it('prove transactions of one block, found by their unspent outputs or named', async () => {
    for (const proof of [await proofOf(payments), await proofOf(payments, block)]) {
      assert.deepEqual((await proven(proof)).sort(), [...payments].sort())
      assert.equal(bytesToHex(parseMerkleBlock(hexToBytes(proof)).header.hash.toReversed()), block)
    }
    assert.deepEqual(await proven(await proofOf([payments[1]])), [payments[1]])
    const { tx } = await call<{ tx: string[] }>('getblock', block)
    assert.deepEqual(await proven(await proofOf([tx[0]])), [tx[0]])
  })

  it('are refused with the code and words of bitcoind', async () => {
    const [first] = payments
    const other = await call<string>('getblockhash', 5)
    await assert.rejects(proofOf([]), refusal(-8, "Parameter 'txids' cannot be empty"))
    await assert.rejects(proofOf([first, first]), refusal(-8, `Invalid parameter, duplicated txid: ${first}`))
    await assert.rejects(
      proofOf([5]),
      refusal(-3, 'JSON value of type number is not of expected type string'),
    )
    await assert.rejects(proofOf(['00']), refusal(-8, "txid must be of length 64 (not 2, for '00')"))
    await assert.rejects(
      proofOf(['zz'.repeat(32)]),
      refusal(-8, `txid must be hexadecimal string (not '${'zz'.repeat(32)}')`),
    )
    await assert.rejects(proofOf([first], '11'.repeat(32)), refusal(-5, 'Block not found'))
    await assert.rejects(
      proofOf([first], other),
      refusal(-5, 'Not all transactions found in specified or retrieved block'),
    )
    await assert.rejects(
      proofOf([first, unconfirmed]),
      refusal(-5, 'Not all transactions found in specified or retrieved block'),
    )
    await assert.rejects(proofOf([unconfirmed]), refusal(-5, 'Transaction not yet in block'))
  })

  it('prove nothing when they are wrong, or claim another number of transactions', async () => {
    const { header, tree } = parseMerkleBlock(hexToBytes(await proofOf(payments)))
    const altered = (change: Partial<typeof tree>) =>
      bytesToHex(serializeMerkleBlock({ header, tree: { ...tree, ...change } }))
    assert.deepEqual(await proven(altered({ hashes: tree.hashes.slice(1) })), [])
    // One transaction more than there are: the shape of the tree stays the same, and with it the root.
    assert.deepEqual(await proven(altered({ transactionCount: 2 ** 14 + 400 })), [])
    const coinbase = await proofOf([(await call<{ tx: string[] }>('getblock', block)).tx[0]])
    const small = parseMerkleBlock(hexToBytes(coinbase))
    const four = { ...small.tree, transactionCount: 4 }
    assert.deepEqual(await proven(bytesToHex(serializeMerkleBlock({ header: small.header, tree: four }))), [])
  })

  it('of blocks that are not in the active chain are refused, and so are bytes that are no proof', async () => {
    const proof = parseMerkleBlock(hexToBytes(await proofOf(payments)))
    const { tree, header } = proof
    const foreign = new BlockHeader({ ...header, version: header.version, nonce: header.nonce ^ 1 })
    const hex = bytesToHex(serializeMerkleBlock({ header: foreign, tree }))
    await assert.rejects(proven(hex), refusal(-5, 'Block not found in chain'))
    await assert.rejects(proven(''), refusal(-8, "proof must be hexadecimal string (not '')"))
    await assert.rejects(proven('0102'), (error: unknown) => error instanceof RpcError && error.code === -1)
    assert.deepEqual(await proven(`${await proofOf([payments[0]])}00`), [payments[0]])
  })
})
