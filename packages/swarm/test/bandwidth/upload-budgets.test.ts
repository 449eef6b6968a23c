import assert from 'node:assert/strict'
import { BANDWIDTH_INTERVAL_MS, BandwidthLimit } from '@onehop/swarm'
import { UploadBudgets } from '../../src/bandwidth/upload-budgets.ts'
import { UploadCapacity } from '../../src/bandwidth/upload-capacity.ts'

const BLOCK = 16 * 1024

/** A peer that waits for blocks without end. */
interface Taker {
  readonly weight: number
  /** What its connection takes; without it, as much as there is. */
  readonly bytesPerSecond?: number
  readonly fromMs?: number
  taken: number
}

/** Serves takers over one link, block by block in turn as a link does, for as long as is said. */
function serve(takers: Taker[], spanMs: number, linkBytesPerSecond: number, limits: BandwidthLimit[] = []) {
  const budgets = new UploadBudgets<Taker>(
    limits,
    ({ weight }) => ({ nextBytes: BLOCK, queuedBytes: 32 * BLOCK, weight }),
    0,
  )
  const capacity = new UploadCapacity(0)
  const hasShares = new Set(takers.map(({ weight }) => weight)).size > 1
  /** They do not ask again until they are told. */
  const refused = new Set<Taker>()
  let next = 0
  let linkMay = 0
  for (let nowMs = 0; nowMs < spanMs; nowMs += 10) {
    if (nowMs % BANDWIDTH_INTERVAL_MS === 0) {
      capacity.observe(nowMs)
      budgets.release(hasShares ? capacity : undefined, nowMs)
      for (const relieved of budgets.takeRelieved()) refused.delete(relieved)
    }
    linkMay = Math.min(linkMay, linkBytesPerSecond / 50) + linkBytesPerSecond / 100
    for (let isIdle = false; !isIdle && linkMay > 0; ) {
      isIdle = true
      for (let turn = 0; turn < takers.length; turn++) {
        if (linkMay <= 0) break
        const taker = takers[next++ % takers.length]!
        const may = ((taker.bytesPerSecond ?? Number.POSITIVE_INFINITY) * (nowMs + 10)) / 1000
        if (refused.has(taker) || taker.taken >= may || nowMs < (taker.fromMs ?? 0)) continue
        if (!budgets.take(taker, BLOCK, nowMs)) refused.add(taker)
        for (const relieved of budgets.takeRelieved()) refused.delete(relieved)
        if (refused.has(taker)) continue
        taker.taken += BLOCK
        linkMay -= BLOCK
        capacity.add(BLOCK)
        isIdle = false
      }
    }
  }
  const total = takers.reduce((sum, { taken }) => sum + taken, 0)
  return { total, shares: takers.map(({ taken }) => taken / total) }
}

const taker = (weight: number, bytesPerSecond?: number): Taker => ({
  weight,
  taken: 0,
  ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
})
const isNear = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not near ${expected}`)

describe('the division of our upload', () => {
  it('follows the weights where the link is too narrow for all', () => {
    const { total, shares } = serve([taker(0.6), taker(0.3), taker(0.1)], 120_000, 250_000)
    isNear(total, 120 * 250_000, 2 * BLOCK)
    isNear(shares[0]!, 0.6, 0.07)
    isNear(shares[1]!, 0.3, 0.05)
    isNear(shares[2]!, 0.1, 0.04)
  })

  it('gives a peer alone everything from the first moment on, whatever its weight', () => {
    const { total } = serve([taker(0.01)], 1000, 1_000_000_000)
    isNear(total, 1_000_000_000, 1_000_000)
  })

  it('holds nobody back below the link when all take as fast as they can', () => {
    const { total } = serve([taker(0.9), taker(0.1)], 2000, 500_000_000)
    isNear(total, 1_000_000_000, 1_000_000)
  })

  it('finds out what the link carries when somebody fast comes to one who is slow', () => {
    const late = { ...taker(0.1), fromMs: 60_000 }
    const { total } = serve([taker(0.9, 20_000), late], 120_000, 1_000_000)
    assert.ok(total > 0.6 * 60 * 1_000_000, `${total / 60} bytes a second`)
  })

  it('gives what a slow peer leaves to the others', () => {
    const { total, shares } = serve([taker(0.9, 20_000), taker(0.1)], 120_000, 1_000_000)
    isNear(shares[0]! * total, 120 * 20_000, 5 * BLOCK)
    assert.ok(total > 0.9 * 120 * 1_000_000, `${total / 120} bytes a second`)
  })

  it('keeps a limit, and divides it evenly', () => {
    const limit = new BandwidthLimit(0, 100_000)
    const { total, shares } = serve([taker(1), taker(1), taker(1)], 60_000, 1_000_000_000, [limit])
    isNear(total, 60 * 100_000, 60_000)
    for (const share of shares) isNear(share, 1 / 3, 0.02)
  })

  it('keeps a limit that is less than a block a second, and everybody gets a block in turn', () => {
    const takers = [taker(1), taker(1), taker(1)]
    const { total } = serve(takers, 300_000, 1_000_000_000, [new BandwidthLimit(0, 2000)])
    isNear(total, 300 * 2000, 3 * BLOCK)
    for (const { taken } of takers) assert.ok(taken >= 10 * BLOCK)
  })

  it('keeps the narrowest of several limits, by weight', () => {
    const limits = [new BandwidthLimit(0, 1_000_000), new BandwidthLimit(0, 200_000), new BandwidthLimit(0)]
    const { total, shares } = serve([taker(3), taker(1)], 60_000, 1_000_000_000, limits)
    isNear(total, 60 * 200_000, 120_000)
    isNear(shares[0]!, 0.75, 0.03)
  })

  it('divides a limit between torrents that share it', () => {
    const limit = new BandwidthLimit(0, 1_000_000)
    const claim = () => ({ nextBytes: BLOCK, queuedBytes: 64 * BLOCK, weight: 1 })
    const torrents = [
      new UploadBudgets<string>([limit], claim, 0),
      new UploadBudgets<string>([limit], claim, 0),
    ]
    const taken = [0, 0]
    for (let nowMs = 0; nowMs < 60_000; nowMs += BANDWIDTH_INTERVAL_MS) {
      for (const [i, budgets] of torrents.entries()) {
        budgets.release(undefined, nowMs)
        while (budgets.take('peer', BLOCK, nowMs)) taken[i]! += BLOCK
      }
    }
    isNear(taken[0]! + taken[1]!, 60_000_000, 600_000)
    isNear(taken[0]! / taken[1]!, 1, 0.1)
  })
})
