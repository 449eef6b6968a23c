import assert from 'node:assert/strict'
import { type OnehopNode, startNode } from '@onehop/node'
import { type BitcoinAmount, RpcError } from '@onehop/rpc'
import { until } from '../../network/test/support/nodes.ts'

interface PeerInfo {
  readonly id: number
  readonly peerId: string
  readonly bytessent: number
  readonly bytesrecv: number
  readonly synced_headers: number
  readonly synced_blocks: number
  readonly presynced_headers: number
  readonly inflight: readonly number[]
  readonly minfeefilter: BitcoinAmount
  readonly conntime: number
  readonly lastrecv: number
  readonly last_block: number
  readonly network: string
}

const refusal = (code: number, message: string) => (error: unknown) =>
  error instanceof RpcError && error.code === code && error.message === message

describe('calls about peers', () => {
  let first: OnehopNode
  let second: OnehopNode

  function start(connect: readonly string[] = []): Promise<OnehopNode> {
    return startNode({ inMemory: true, peerToPeer: true, connect, logLevel: 'silent' })
  }

  before(async () => {
    first = await start()
    second = await start(
      await first.call<{ localaddresses: string[] }>('getnetworkinfo').then(info => info.localaddresses),
    )
    await mine(first, 3)
    await until('they are at one tip', () => second.status().height === 3)
  })

  after(async () => {
    await second.stop()
    await first.stop()
  })

  async function mine(node: OnehopNode, count: number): Promise<string> {
    const hashes = await node.call<string[]>('generatetoaddress', [count, await node.call('wallet.address')])
    return hashes.at(-1)!
  }

  const peersOf = (node: OnehopNode) => node.call<PeerInfo[]>('getpeerinfo')

  it('tell what is synchronised, what went over the line, and what the peer charges', async () => {
    await until('the peer has told of its tip', async () => (await peersOf(second))[0]?.synced_blocks === 3)
    const [peer] = await peersOf(second)
    assert.ok(peer !== undefined)
    assert.deepEqual([peer.id, peer.peerId], [0, first.status().peerId])
    assert.deepEqual([peer.synced_headers, peer.presynced_headers, peer.inflight], [3, -1, []])
    assert.ok(peer.bytesrecv > 1_000 && peer.bytessent > 1_000)
    assert.equal(peer.minfeefilter.sats, 100n)
    assert.equal(peer.network, 'not_publicly_routable')
    const now = Date.now() / 1000
    for (const time of [peer.conntime, peer.lastrecv, peer.last_block])
      assert.ok(time > now - 600 && time <= now)
    const totals = await second.call<{ totalbytesrecv: number }>('getnettotals')
    assert.ok(totals.totalbytesrecv >= peer.bytesrecv)
  })

  it('fetch a block from a peer, and say why they do not', async () => {
    const fetch = (hash: string, peer: unknown) => first.call('getblockfrompeer', [hash, peer])
    const known = await first.call<string>('getbestblockhash')
    await assert.rejects(fetch('00'.repeat(32), 0), refusal(-1, 'Block header missing'))
    await assert.rejects(fetch(known, 0), refusal(-1, 'Block already downloaded'))

    const peer = second.status().peerId
    await first.call('setban', [peer, 'add'])
    await until('they are apart', async () => (await peersOf(second)).length === 0)
    const stale = await mine(second, 1)
    await mine(first, 2)
    await first.call('setban', [peer, 'remove'])
    await until('they are at one tip again', () => second.status().height === 5)
    await first.call('submitheader', [await second.call('getblockheader', [stale, false])])
    await assert.rejects(fetch(stale, 17), refusal(-1, 'Peer does not exist'))
    await assert.rejects(first.call('getblock', [stale]), RpcError)
    assert.deepEqual(await fetch(stale, peer), {})
    await until('the block is there', () => first.call('getblock', [stale]).then(Boolean, () => false))
  })
})
