import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Chain, MemoryStorage } from '@onehop/chain'
import { REGTEST, serializeBlock, serializeTransaction, txIdToHex } from '@onehop/ledger'
import { mineBlock } from '@onehop/miner'
import { type OnehopNode, startNode } from '@onehop/node'
import { RpcError } from '@onehop/rpc'
import { nowSeconds } from '../src/clock.ts'
import { inMemoryWalletFile } from '../src/wallet-file.ts'
import { walletHistoryAt } from '../src/wallet-history.ts'
import { WalletService } from '../src/wallet-service.ts'

const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const OTHER_SCRIPT = Uint8Array.of(0x51)
const LENGTH = 1_100

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

async function mine(chain: Chain, script: Uint8Array, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const block = await mineBlock(chain.createTemplate(script), {})
    assert((await chain.acceptBlock(serializeBlock(block))).ok)
  }
}

describe('a node that prunes', () => {
  let node: OnehopNode

  const call = <T = Record<string, unknown>>(method: string, ...params: unknown[]) =>
    node.call<T>(method, params)

  before(async () => {
    node = await startNode({ inMemory: true, prune: 1 })
  })
  after(() => node.stop())

  it('says so', async () => {
    const info = await call('getblockchaininfo')
    assert.deepEqual([info.pruned, info.pruneheight, info.automatic_pruning], [true, 0, false])
    assert.equal('prune_target_size' in info, false)
    assert(Number(info.size_on_disk) > 0)
  })

  it('refuses what bitcoind refuses', async () => {
    await assert.rejects(call('pruneblockchain', 10), refusal(-1, /^Blockchain is too short for pruning\.$/))
    await assert.rejects(call('pruneblockchain', -1), refusal(-8, /^Negative block height\.$/))
    await assert.rejects(
      call('pruneblockchain', 4_000_000_000),
      refusal(-8, /^Could not find block with at least the specified timestamp\.$/),
    )
    await call('generatetoaddress', 1000, STRANGER)
    await assert.rejects(
      call('pruneblockchain', 1001),
      refusal(-8, /^Blockchain is shorter than the attempted prune height\.$/),
    )
  })

  it('deletes whole files only: the first one is not full yet', async () => {
    assert.equal(await call('pruneblockchain', 900), -1)
  })
})

describe('a node that keeps all blocks', () => {
  it('prunes nothing', async () => {
    const node = await startNode({ inMemory: true })
    const info = await node.call<Record<string, unknown>>('getblockchaininfo')
    assert.deepEqual([info.pruned, 'pruneheight' in info], [false, false])
    await assert.rejects(
      node.call('pruneblockchain', [1]),
      refusal(-1, /^Cannot prune blocks because node is not in prune mode\.$/),
    )
    await node.stop()
  })
})

describe('the wallet of a node that prunes', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'onehop-history-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('knows after a restart what deleted blocks had paid and spent', async () => {
    const storage = await MemoryStorage.open()
    const file = inMemoryWalletFile()
    const path = join(folder, 'wallet-history.json')
    let wallet: WalletService | undefined
    const open = () =>
      Chain.open({
        parameters: REGTEST,
        nowSeconds,
        storage,
        maxFileBytes: 20_000,
        threads: 1,
        prune: { beforePruning: async height => wallet?.keepHistory(height) },
      })
    let chain = await open()
    wallet = await WalletService.open(chain, file, walletHistoryAt(path))
    await mine(chain, wallet.mainScript, 3)
    await mine(chain, OTHER_SCRIPT, 101)
    const { transaction } = wallet.sign({ address: STRANGER, amountSats: 1_000_000n })
    assert((await chain.acceptTransaction(serializeTransaction(transaction))).ok)
    await mine(chain, OTHER_SCRIPT, LENGTH - chain.tip.height)
    const describeWallet = ({ state }: WalletService) => ({
      balance: state.balance(),
      history: state.history().map(({ txid, height, amountSats }) => [txIdToHex(txid), height, amountSats]),
    })
    const before = describeWallet(wallet)
    assert.equal(before.history.length, 4)
    await chain.prune(LENGTH)
    assert(chain.pruning.prunedHeight > 300)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    wallet.close()
    await chain.close()

    chain = await open()
    wallet = await WalletService.open(chain, file, walletHistoryAt(path))
    assert.deepEqual(describeWallet(wallet), before)
    // Pruning again loses nothing of it.
    await mine(chain, OTHER_SCRIPT, 100)
    await chain.prune(chain.tip.height)
    wallet.close()
    wallet = await WalletService.open(chain, file, walletHistoryAt(path))
    assert.deepEqual(describeWallet(wallet), before)
    await chain.close()
  })
})
