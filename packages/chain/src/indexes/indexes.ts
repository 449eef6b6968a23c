import { ancestorAt, type HeaderNode, parseTransaction, type Transaction, type TxId } from '@onehop/ledger'
import { equalBytes } from '@onehop/primitives'
import { decodeStored } from '../errors.ts'
import type { KeyValueStore } from '../storage/port.ts'
import { BlockFilterIndex, type StoredFilter } from './block-filter-index.ts'
import type { ChainIndex, IndexProgress } from './chain-index.ts'
import { type FollowedChain, IndexFollower } from './index-follower.ts'
import { TransactionIndex } from './transaction-index.ts'

/** Told of an index that follows the chain no more, and why. */
export type IndexFailureListener = (name: string, error: unknown) => void

/** A chain's indexes, and what they answer. */
export class Indexes {
  private readonly chain: FollowedChain
  private readonly values: KeyValueStore
  private readonly followers: readonly IndexFollower[]

  constructor(
    indexes: readonly ChainIndex[],
    chain: FollowedChain,
    values: KeyValueStore,
    onFailure: IndexFailureListener,
  ) {
    this.chain = chain
    this.values = values
    this.followers = indexes.map(
      index => new IndexFollower(index, chain, values, error => onFailure(index.name, error)),
    )
  }

  /** How far each has come. */
  progress(): IndexProgress[] {
    return this.followers.map(({ progress }) => progress)
  }

  /** Whether there is an index of transactions. */
  get hasTransactions(): boolean {
    return this.find(TransactionIndex) !== undefined
  }

  /** Whether there is an index of block filters. */
  get hasFilters(): boolean {
    return this.find(BlockFilterIndex) !== undefined
  }

  /**
   * The transaction and its block, when it is on the active chain.
   * @returns `'not indexed'` where the chain has no such index, or one that is still being built.
   */
  async findTransaction(
    txid: TxId,
  ): Promise<{ transaction: Transaction; node: HeaderNode } | undefined | 'not indexed'> {
    const found = this.find(TransactionIndex)
    if (found === undefined || !(await found.follower.catchUp())) return 'not indexed'
    const place = found.index.find(txid, this.values)
    const { tip } = this.chain
    if (place === undefined || place.height > tip.height) return undefined
    const node = ancestorAt(tip, place.height)
    const bytes = await this.chain.readBytes(node)
    if (bytes === undefined) return undefined
    const transaction = decodeStored('A transaction of a stored block', () =>
      parseTransaction(bytes.subarray(place.offset, place.offset + place.lengthBytes)),
    )
    // The tip may have moved since the index was asked.
    return equalBytes(transaction.txid, txid) ? { transaction, node } : undefined
  }

  /**
   * The block's basic filter, also when it is not on the active chain any more.
   * @returns `'not indexed'` where the chain has no such index, or one that is still being built.
   */
  async findFilter(node: HeaderNode): Promise<StoredFilter | undefined | 'not indexed'> {
    const found = this.find(BlockFilterIndex)
    const stored = found?.index.find(node.hash, this.values)
    if (stored !== undefined) return stored
    if (found === undefined || !(await found.follower.catchUp())) return 'not indexed'
    return found.index.find(node.hash, this.values)
  }

  /** The lowest height that an index still needs; infinite where none needs any. */
  get neededFrom(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.progress().map(({ height }) => height + 1))
  }

  /** To be called whenever the tip has changed. */
  wake(): void {
    for (const follower of this.followers) follower.wake()
  }

  /** Resolves when all have come to the tip, or have stopped. */
  async idle(): Promise<void> {
    await Promise.all(this.followers.map(follower => follower.idle()))
  }

  async close(): Promise<void> {
    await Promise.all(this.followers.map(follower => follower.close()))
  }

  private find<Index extends ChainIndex>(
    kind: new () => Index,
  ): { index: Index; follower: IndexFollower } | undefined {
    for (const follower of this.followers)
      if (follower.index instanceof kind) return { index: follower.index, follower }
    return undefined
  }
}
