import type { Environment, PeerHandle } from '@onehop/overlay'
import type { Partition } from './partition.ts'
import { NO_SLOT, type PeerRows } from './peer-rows.ts'

const LEAST_OWN_CHAINS = 8

/**
 * Finds a peer's row, and the rows of a bucket, by the peer's hash: rows of the same bucket are chained, and those of
 * the own group, who are many, by the last bits of their hashes. The links are in the rows.
 */
export class PeerChains {
  private readonly environment: Environment<never>
  private readonly rows: PeerRows
  private partition: Partition
  private heads: Uint16Array
  /** A power of two. */
  private ownChains = LEAST_OWN_CHAINS

  constructor(environment: Environment<never>, rows: PeerRows, partition: Partition) {
    this.environment = environment
    this.rows = rows
    this.partition = partition
    this.heads = new Uint16Array(partition.buckets + this.ownChains).fill(NO_SLOT)
  }

  get byteLength(): number {
    return this.heads.byteLength
  }

  /** The slot of the peer, or {@link NO_SLOT}. */
  find(peer: PeerHandle): number {
    const { rows } = this
    let slot = this.heads[this.chainOf(peer)]!
    while (slot !== NO_SLOT && rows.peerAt(slot) !== peer) slot = rows.linkAt(slot)
    return slot
  }

  /** The first slot of a bucket's chain, or {@link NO_SLOT}; the others follow by the links. */
  firstOf(bucket: number): number {
    return this.heads[bucket]!
  }

  link(slot: number): void {
    const chain = this.chainOf(this.rows.peerAt(slot))
    this.rows.setLink(slot, this.heads[chain]!)
    this.heads[chain] = slot
  }

  /** Takes the row out of its chain. */
  unlink(slot: number): void {
    this.redirect(slot, this.rows.linkAt(slot))
  }

  /** The row is about to be moved to another slot, links and all. */
  redirect(from: number, to: number): void {
    const chain = this.chainOf(this.rows.peerAt(from))
    let slot = this.heads[chain]!
    if (slot === from) {
      this.heads[chain] = to
      return
    }
    for (let next = this.rows.linkAt(slot); next !== from; next = this.rows.linkAt(slot)) slot = next
    this.rows.setLink(slot, to)
  }

  /** Whether the chains of the own group have become long. */
  isCrowded(ownRows: number): boolean {
    return ownRows > this.ownChains * 2
  }

  /** Chains all rows anew. */
  rebuild(partition: Partition, ownRows: number): void {
    this.partition = partition
    this.ownChains = LEAST_OWN_CHAINS
    while (this.ownChains < ownRows) this.ownChains *= 2
    this.heads = new Uint16Array(partition.buckets + this.ownChains).fill(NO_SLOT)
    for (let slot = 0; slot < this.rows.size; slot++) this.link(slot)
  }

  private chainOf(peer: PeerHandle): number {
    const { partition } = this
    const hash = this.environment.hash32(peer)
    return partition.isOwn(hash)
      ? partition.buckets + (hash & (this.ownChains - 1))
      : partition.bucketOf(hash)
  }
}
