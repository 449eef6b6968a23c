import assert from 'node:assert/strict'
import { invalid, OK, type Verdict } from '@onehop/primitives'
import { BlockDownload } from '../src/block-download.ts'
import type { ChainPort } from '../src/index.ts'
import { HEAD_STALL_MS, MAX_OFFERED_BLOCKS } from '../src/limits.ts'
import type { SyncSession } from '../src/sync-session.ts'
import { until } from './support/nodes.ts'

/** A block of the tests: 32 bytes that are its hash as well. */
function blockAt(height: number): Uint8Array {
  return new Uint8Array(32).fill(height)
}

/** A peer with all blocks, or with none. */
class Peer {
  readonly asked: number[] = []
  readonly blocksInFlight = new Map<string, Uint8Array>()
  readonly status = { version: 1, chainWork: 1_000n }
  private readonly answers: boolean

  constructor(answers = true) {
    this.answers = answers
  }

  /** As a session's. */
  get requests() {
    return {
      lacks: () => false,
      setMissing: () => {},
      getBlocks: this.getBlocks.bind(this),
    }
  }

  private async getBlocks(
    hashes: readonly Uint8Array[],
    onBlock: (hash: Uint8Array, bytes: Uint8Array) => void,
  ) {
    this.asked.push(...hashes.map(([height]) => height!))
    if (!this.answers) await new Promise(() => {})
    for (const hash of hashes) onBlock(hash, hash)
  }
}

/** A chain that connects blocks when it is told to. */
class SlowChain {
  readonly offered: number[] = []
  readonly blames: unknown[] = []
  readonly peers: Peer[] = []
  nowMs = 0
  private height = 0
  private readonly goal: number
  private readonly verdicts: ((verdict: Verdict) => void)[] = []
  readonly download: BlockDownload

  constructor(goal: number) {
    this.goal = goal
    this.download = new BlockDownload({
      chain: this as unknown as ChainPort,
      now: () => this.nowMs,
      random: () => 0,
      sessions: () => this.peers as unknown as SyncSession[],
      onInvalidBlock: session => this.blames.push(session),
      onProgress: () => {},
      onError: error => assert.fail(error),
    })
  }

  tip() {
    return { height: this.height, hash: blockAt(this.height), chainWork: BigInt(this.height) }
  }

  blocksToDownload(limit: number): Uint8Array[] {
    const count = Math.min(limit, this.goal - this.height)
    return Array.from({ length: count }, (_, i) => blockAt(this.height + 1 + i))
  }

  acceptBlock([height]: Uint8Array): Promise<Verdict> {
    this.offered.push(height!)
    return new Promise(resolve => this.verdicts.push(resolve))
  }

  /** The verdict on the block that waits for longest. */
  judge(verdict: Verdict = OK): void {
    if (verdict.ok) this.height++
    this.verdicts.shift()?.(verdict)
  }
}

describe('the download of blocks', () => {
  it('hands some over before the first is connected, in order', async () => {
    const chain = new SlowChain(100)
    chain.peers.push(new Peer())
    chain.download.pump()
    await until('as many are offered as may be', () => chain.offered.length === MAX_OFFERED_BLOCKS)
    chain.judge()
    await until('another follows', () => chain.offered.length === MAX_OFFERED_BLOCKS + 1)
    for (let i = 1; i < 100; i++) {
      await until('a block is there', () => chain.offered.length > i)
      chain.judge()
    }
    assert.deepEqual(
      chain.offered,
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
    await until('nothing is under way', () => !chain.download.isActive)
  })

  it('blames who sent a bad block, and nobody for those on top of it', async () => {
    const chain = new SlowChain(3)
    const peer = new Peer()
    chain.peers.push(peer)
    chain.download.pump()
    await until('all are offered', () => chain.offered.length === 3)
    chain.judge(invalid('bad-cb-amount'))
    chain.judge(invalid('duplicate-invalid'))
    chain.judge(invalid('bad-prevblk'))
    await until('the first has its verdict', () => chain.blames.length > 0)
    await until('it is asked for again', () => chain.offered.length > 3)
    assert.deepEqual(chain.blames, [peer])
  })

  it('asks a second peer for the block that holds up the others, once', async () => {
    const chain = new SlowChain(4)
    const silent = new Peer(false)
    const quick = new Peer()
    chain.peers.push(silent)
    chain.download.pump()
    assert.deepEqual(silent.asked, [1, 2, 3, 4])
    chain.peers.push(quick)
    chain.download.pump()
    assert.deepEqual(quick.asked, [])
    chain.nowMs = HEAD_STALL_MS + 1
    chain.download.pump()
    chain.download.pump()
    await until('the head is there', () => chain.offered.length === 1)
    assert.equal(quick.asked.filter(height => height === 1).length, 1)
  })

  it('has no two requests for one block otherwise', () => {
    const chain = new SlowChain(60)
    chain.peers.push(new Peer(false), new Peer(false), new Peer(false))
    for (let i = 0; i < 3; i++) chain.download.pump()
    const asked = chain.peers.flatMap(peer => peer.asked)
    assert.equal(new Set(asked).size, asked.length)
    assert.ok(chain.peers.every(peer => peer.asked.length > 0))
  })
})
