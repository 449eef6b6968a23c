import assert from 'node:assert/strict'
import { join } from 'node:path'
import {
  NodeProcess,
  removeFolder,
  startCluster,
  temporaryFolder,
  untilSynced,
} from './support/node-process.ts'
import { until } from './support/wait.ts'

const MATURITY = 100
const DESTINATION = 'bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3'

interface SignedPayment {
  readonly hex: string
  readonly txid: string
}

interface SendResult {
  readonly txid: string
}

interface RpcFailure {
  readonly code: number
  readonly message: string
}

/** The refusal of a call that must not succeed. */
async function refusal(call: Promise<unknown>): Promise<RpcFailure> {
  try {
    await call
  } catch (error) {
    return error as RpcFailure
  }
  throw new Error('the call succeeded')
}

/** Mines to an address of the node's own until `spendable` coinbases are mature. */
async function fund(node: NodeProcess, spendable = 1): Promise<void> {
  const { address } = await node.status()
  await node.call('generatetoaddress', [MATURITY + spendable, address])
}

/** Two signed payments that spend the same coin. */
async function conflictingPayments(node: NodeProcess): Promise<[SignedPayment, SignedPayment]> {
  const [coin] = await node.call<{ txid: string; vout: number }[]>('listunspent', [1])
  assert.ok(coin, 'the wallet has a coin')
  const inputs = [{ txid: coin.txid, vout: coin.vout }]
  const first = await node.call<SignedPayment>('wallet.signPayment', {
    address: DESTINATION,
    amountSats: 100_000_000,
    inputs,
  })
  const second = await node.call<SignedPayment>('wallet.signPayment', {
    address: DESTINATION,
    amountSats: 200_000_000,
    inputs,
  })
  return [first, second]
}

describe('the ledger of four processes', () => {
  const folder = temporaryFolder('ledger')
  let nodes: NodeProcess[] = []
  let miner: NodeProcess
  let second: NodeProcess
  let third: NodeProcess
  let fourth: NodeProcess

  before(async () => {
    nodes = await startCluster(folder, 4)
    ;[miner, second, third, fourth] = nodes as [NodeProcess, NodeProcess, NodeProcess, NodeProcess]
  })

  after(async () => {
    await NodeProcess.killAll()
    removeFolder(folder)
  })

  it('mines blocks that every node takes over', async () => {
    await fund(miner, 5)
    assert.equal(await untilSynced(nodes), MATURITY + 5)
    const { balanceSats } = await miner.status()
    assert.equal(balanceSats, 5 * 50 * 1e8)
  })

  it('carries a payment from one node to another and confirms it', async () => {
    const { address } = await third.status()
    const { txid } = await miner.call<SendResult>('wallet.send', { address, amountSats: 150_000_000 })
    await until('the payment is in every mempool', async () => {
      const pools = await Promise.all(nodes.map(node => node.call<string[]>('getrawmempool')))
      return pools.every(pool => pool.includes(txid))
    })
    await second.call('generatetoaddress', [1, DESTINATION])
    await untilSynced(nodes)
    assert.equal((await third.status()).balanceSats, 150_000_000)
  })

  it('confirms exactly one of two payments that spend the same coin through two nodes at once', async () => {
    const [one, other] = await conflictingPayments(miner)
    await Promise.allSettled([
      second.call('sendrawtransaction', [one.hex]),
      third.call('sendrawtransaction', [other.hex]),
    ])
    await until('every node has one of the two', async () => {
      const pools = await Promise.all(nodes.map(node => node.call<string[]>('getrawmempool')))
      return pools.every(pool => pool.includes(one.txid) !== pool.includes(other.txid))
    })
    const [winner, loser] = (await second.call<string[]>('getrawmempool')).includes(one.txid)
      ? [one, other]
      : [other, one]
    assert.match(
      (await refusal(second.call('sendrawtransaction', [loser.hex]))).message,
      /^insufficient fee, rejecting replacement/,
    )

    await second.call('generatetoaddress', [1, DESTINATION])
    await untilSynced(nodes)
    for (const node of nodes) {
      const { message, code } = await refusal(node.call('sendrawtransaction', [loser.hex]))
      assert.match(message, /bad-txns-inputs-missingorspent/)
      assert.equal(code, -25)
      assert.deepEqual(await node.call('getrawmempool'), [])
    }
    assert.equal(
      (await miner.call<{ confirmations: number }>('gettransaction', [winner.txid])).confirmations,
      1,
    )
  })

  it("agrees on the branch with most work after a partition, and returns the loser's payments to the mempool", async () => {
    const peerIds = await Promise.all(nodes.map(async node => (await node.status()).peerId))
    const sides = [
      [miner, second],
      [third, fourth],
    ] as const
    const setBans = (command: 'add' | 'remove') =>
      Promise.all(
        sides.flatMap((side, i) =>
          side.flatMap(node =>
            sides[1 - i]!.map(other => node.call('setban', [peerIds[nodes.indexOf(other)], command])),
          ),
        ),
      )

    await setBans('add')
    await until('the network is in two halves', async () => {
      const counts = await Promise.all(nodes.map(node => node.call<unknown[]>('getpeerinfo')))
      return counts.every(peers => peers.length <= 1)
    })
    const { txid } = await miner.call<SendResult>('wallet.send', {
      address: DESTINATION,
      amountSats: 300_000_000,
    })
    await miner.call('generatetoaddress', [2, DESTINATION])
    await untilSynced([miner, second])
    const losing = await miner.call<string>('getbestblockhash')
    await third.call('generatetoaddress', [5, DESTINATION])
    const height = await untilSynced([third, fourth])
    const winning = await third.call<string>('getbestblockhash')

    await setBans('remove')
    await miner.call('peers.connect', { address: await third.address() })
    assert.equal(await untilSynced(nodes, height), height)
    assert.equal(await miner.call('getbestblockhash'), winning)
    assert.equal((await miner.call<{ confirmations: number }>('getblockheader', [losing])).confirmations, -1)
    assert.ok(
      (await miner.call<string[]>('getrawmempool')).includes(txid),
      'the payment waits for a block again',
    )

    await miner.call('generatetoaddress', [1, DESTINATION])
    await untilSynced(nodes)
    assert.equal((await miner.call<{ confirmations: number }>('gettransaction', [txid])).confirmations, 1)
  })

  it('brings a node that was killed back to the tip, with nothing lost', async () => {
    const before = await fourth.status()
    await fourth.end('SIGKILL')
    await miner.call('generatetoaddress', [7, DESTINATION])
    await fourth.restart()
    const alone = await fourth.status()
    assert.ok(alone.height >= before.height, 'every block that it had is still there')
    await fourth.call('peers.connect', { address: await miner.address() })
    assert.equal(await untilSynced(nodes), before.height + 7)
  })

  it('lets a node that joins late catch up', async () => {
    const late = await NodeProcess.start(join(folder, 'late'), ['--connect', await second.address()])
    nodes.push(late)
    await untilSynced(nodes)
  })

  it('survives being killed while it connects blocks, again and again', async () => {
    for (let round = 0; round < 3; round++) {
      const goal = (await fourth.status()).height + 5
      const mining = fourth.call('generatetoaddress', [200, DESTINATION]).catch(() => undefined)
      const reached = await until('it is in the middle of its work', async () => {
        const height = await fourth.call<number>('getblockcount')
        return height >= goal && height
      })
      await fourth.end('SIGKILL')
      await mining
      await fourth.restart(['--connect', await miner.address()])
      assert.ok((await fourth.status()).height >= reached, 'an acknowledged block is never lost')
      await untilSynced(nodes)
    }
  })
})
