import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OnehopNode, payeeAddress, startNode, verifyPaymentByHeaders } from '@onehop/node'
import { RpcClient } from '@onehop/rpc'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

describe('a payment checked by headers alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-light-'))
  let node: OnehopNode
  let client: RpcClient
  let txid: string
  let proof: string

  const call = <T>(method: string, ...params: unknown[]) => node.call<T>(method, params)
  const verify = (changed: { proof?: string; network?: string } = {}) =>
    verifyPaymentByHeaders({ client, network: 'regtest', proof, ...changed })

  before(async () => {
    node = await startNode({ datadir: folder, peerToPeer: false, rpcPort: 0, logLevel: 'silent' })
    client = new RpcClient({ url: node.rpcUrl, cookiePath: join(folder, '.cookie') })
    await call('generatetoaddress', 101, await call<string>('wallet.address'))
    txid = await call<string>('sendtoaddress', STRANGER, 1.5)
    const [hash] = await call<string[]>('generatetoaddress', 1, STRANGER)
    const { tx } = await call<{ tx: string[] }>('getblock', hash)
    const parts = [await call<string>('gettxoutproof', [tx[0], txid])]
    for (const id of [tx[0], txid]) parts.push(await call<string>('getrawtransaction', id, false, hash))
    proof = parts.join('')
    await call('generatetoaddress', 2, STRANGER)
  })

  after(async () => {
    client.close()
    await node.stop()
    rmSync(folder, { recursive: true })
  })

  it('says what was paid to whom, and how deep it lies', async () => {
    const result = await verify()
    assert.ok(result.ok)
    const { outputs, ...rest } = result.value
    assert.deepEqual(rest, { txid, confirmations: 3, height: 102, tipHeight: 104 })
    assert.equal(outputs.find(({ address }) => address === STRANGER)?.sats, 150_000_000n)
  })

  it('is refused for another block, other bytes, or another network', async () => {
    const codeFor = async (changed: Parameters<typeof verify>[0]) => {
      const result = await verify(changed)
      return result.ok ? 'OK' : result.code
    }
    assert.equal(await codeFor({ proof: `01${proof.slice(2)}` }), 'header-not-found')
    assert.equal(await codeFor({ proof: proof.slice(2) }), 'bad-txoutproof')
    assert.equal(await codeFor({ network: 'mainnet' }), 'high-hash')
    await assert.rejects(verify({ network: 'atlantis' }), /There is no network "atlantis"/)
  })

  it('goes to an address of the network, however it was written', () => {
    assert.equal(payeeAddress(STRANGER.toUpperCase(), 'regtest'), STRANGER)
    assert.throws(() => payeeAddress('nonsense', 'regtest'), /^OptionError: Invalid address "nonsense"/)
    assert.throws(() => payeeAddress(STRANGER, 'onehop'), /an address of another network/)
  })
})
