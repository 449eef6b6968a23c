import { bytesKey } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { Wtxid } from '../ids.ts'
import {
  MAX_ORPHANAGE_LATENCY_SCORE,
  MAX_STANDARD_TRANSACTION_WEIGHT,
  ORPHAN_EXPIRY_SECONDS,
  ORPHAN_INPUTS_PER_SCORE,
  RESERVED_ORPHAN_WEIGHT_PER_PEER,
} from '../limits.ts'
import { type OutPoint, outPointKey, type Transaction } from '../transaction.ts'

/** A transaction that waits for its parents. */
export interface Orphan {
  readonly transaction: Transaction
  /** Who sent or announced it, the first one first. */
  readonly peers: ReadonlySet<string>
  /** Unix time in seconds. */
  readonly time: number
}

interface Kept extends Orphan {
  readonly key: string
  readonly peers: Set<string>
}

/** What one peer has here: its announcements, oldest first, and what they cost. */
interface Share {
  readonly orphans: Map<string, Kept>
  weight: number
  score: number
}

/** What bounds an orphanage. */
export interface OrphanageLimits {
  /** Of all peers together: one for each announcement, and one for each ten inputs. */
  readonly latencyScore: number
  /** Weight units that each peer may take whatever the others do. */
  readonly weightPerPeer: number
}

/**
 * Transactions whose inputs are unknown, kept for a while in the hope that their parents come (`TxOrphanage`). Each peer
 * has its share, which nobody else can take away: over the limits, the oldest announcement of the peer that is furthest
 * over its share goes.
 */
export class Orphanage {
  private readonly limits: OrphanageLimits
  private readonly orphans = new Map<string, Kept>()
  private readonly spenders = new Map<string, Set<Kept>>()
  private readonly shares = new Map<string, Share>()
  private announcements = 0
  private inputScore = 0
  private usedWeight = 0
  private oldestTime = Number.POSITIVE_INFINITY

  constructor(limits?: Partial<OrphanageLimits>) {
    this.limits = {
      latencyScore: MAX_ORPHANAGE_LATENCY_SCORE,
      weightPerPeer: RESERVED_ORPHAN_WEIGHT_PER_PEER,
      ...limits,
    }
  }

  /** Transactions. */
  get size(): number {
    return this.orphans.size
  }

  /** Weight units of all transactions, each counted once. */
  get weight(): number {
    return this.usedWeight
  }

  has(wtxid: Wtxid): boolean {
    return this.orphans.has(bytesKey(wtxid))
  }

  get(wtxid: Wtxid): Orphan | undefined {
    return this.orphans.get(bytesKey(wtxid))
  }

  /** In the order in which they came. */
  entries(): IterableIterator<Orphan> {
    return this.orphans.values()
  }

  /**
   * Keeps the transaction, or notes that one more peer has it.
   * @returns whether it is here now.
   */
  add(transaction: Transaction, peer: string, nowSeconds: number): boolean {
    if (transaction.weight > MAX_STANDARD_TRANSACTION_WEIGHT) return false
    this.expire(nowSeconds)
    const key = bytesKey(transaction.wtxid)
    const orphan = this.orphans.get(key) ?? this.keep(key, transaction, nowSeconds)
    if (!orphan.peers.has(peer)) this.announce(orphan, peer)
    this.trim()
    return this.orphans.has(key)
  }

  /** Orphans that spend an output of the transaction, in the order in which they came. */
  childrenOf({ txid, outputs }: Transaction): Transaction[] {
    if (this.orphans.size === 0) return []
    const children = new Set<Kept>()
    for (let index = 0; index < outputs.length; index++)
      for (const spender of this.spendersOf({ txid, index })) children.add(spender)
    return Array.from(children, ({ transaction }) => transaction)
  }

  /** Those of {@link childrenOf} that the peer has too, the latest first: of rivals the last one pays most. */
  childrenFrom(parent: Transaction, peer: string): Transaction[] {
    return this.childrenOf(parent)
      .filter(({ wtxid }) => this.get(wtxid)?.peers.has(peer))
      .reverse()
  }

  /** It came in, or never can. */
  remove(wtxid: Wtxid): void {
    const orphan = this.orphans.get(bytesKey(wtxid))
    if (orphan !== undefined) for (const peer of [...orphan.peers]) this.withdraw(orphan, peer)
    this.trim()
  }

  /** The peer left: what only it had goes with it, and what the others had room for only beside its share. */
  removePeer(peer: string): void {
    for (const orphan of [...(this.shares.get(peer)?.orphans.values() ?? [])]) this.withdraw(orphan, peer)
    this.trim()
  }

  /** Forgets what the block has, and what spends the coins that it spends. */
  onBlockConnected({ transactions }: Block): void {
    if (this.orphans.size === 0) return
    for (const { inputs } of transactions)
      for (const { previousOutput } of inputs)
        for (const spender of this.spendersOf(previousOutput)) this.remove(spender.transaction.wtxid)
  }

  /** Forgets what waits for too long. */
  expire(nowSeconds: number): void {
    const oldestAllowed = nowSeconds - ORPHAN_EXPIRY_SECONDS
    if (this.oldestTime >= oldestAllowed) return
    this.oldestTime = Number.POSITIVE_INFINITY
    for (const { transaction, time } of [...this.orphans.values()]) {
      if (time < oldestAllowed) this.remove(transaction.wtxid)
      else this.oldestTime = Math.min(this.oldestTime, time)
    }
  }

  private spendersOf(outPoint: OutPoint): Kept[] {
    return [...(this.spenders.get(outPointKey(outPoint)) ?? [])]
  }

  private keep(key: string, transaction: Transaction, time: number): Kept {
    const orphan: Kept = { key, transaction, time, peers: new Set() }
    this.orphans.set(key, orphan)
    this.usedWeight += transaction.weight
    this.inputScore += inputScoreOf(transaction)
    this.oldestTime = Math.min(this.oldestTime, time)
    for (const { previousOutput } of transaction.inputs) {
      const spent = outPointKey(previousOutput)
      const spenders = this.spenders.get(spent)
      if (spenders === undefined) this.spenders.set(spent, new Set([orphan]))
      else spenders.add(orphan)
    }
    return orphan
  }

  private announce(orphan: Kept, peer: string): void {
    const share = this.shares.get(peer) ?? { orphans: new Map(), weight: 0, score: 0 }
    this.shares.set(peer, share)
    orphan.peers.add(peer)
    share.orphans.set(orphan.key, orphan)
    share.weight += orphan.transaction.weight
    share.score += 1 + inputScoreOf(orphan.transaction)
    this.announcements += 1
  }

  /** The peer has it no more. With the last peer the orphan goes. */
  private withdraw(orphan: Kept, peer: string): void {
    const { key, transaction, peers } = orphan
    const share = this.shares.get(peer)
    if (share === undefined || !peers.delete(peer)) return
    share.orphans.delete(key)
    share.weight -= transaction.weight
    share.score -= 1 + inputScoreOf(transaction)
    this.announcements -= 1
    if (share.orphans.size === 0) this.shares.delete(peer)
    if (peers.size > 0) return
    this.orphans.delete(key)
    this.usedWeight -= transaction.weight
    this.inputScore -= inputScoreOf(transaction)
    for (const { previousOutput } of transaction.inputs) {
      const spent = outPointKey(previousOutput)
      const spenders = this.spenders.get(spent)
      if (spenders?.delete(orphan) && spenders.size === 0) this.spenders.delete(spent)
    }
  }

  private trim(): void {
    while (this.isOverLimits()) this.dropOldestOfWorstPeer()
  }

  private isOverLimits(): boolean {
    const { latencyScore, weightPerPeer } = this.limits
    const isOverScore = this.announcements + this.inputScore > latencyScore
    return isOverScore || this.usedWeight > weightPerPeer * this.shares.size
  }

  private dropOldestOfWorstPeer(): void {
    let worst: string | undefined
    let worstUse = -1
    for (const [peer, share] of this.shares) {
      const use = this.useOf(share)
      if (use > worstUse) [worst, worstUse] = [peer, use]
    }
    const oldest = worst && this.shares.get(worst)?.orphans.values().next().value
    if (worst !== undefined && oldest) this.withdraw(oldest, worst)
  }

  /** How much of its share a peer uses, of what it uses most. */
  private useOf({ score, weight }: Share): number {
    const { latencyScore, weightPerPeer } = this.limits
    return Math.max((score * this.shares.size) / latencyScore, weight / weightPerPeer)
  }
}

function inputScoreOf({ inputs }: Transaction): number {
  return Math.floor(inputs.length / ORPHAN_INPUTS_PER_SCORE)
}
