import type {
  Block,
  BlockHash,
  BlockHeader,
  BlockUndo,
  ChainParameters,
  Coin,
  CoinHashType,
  HeaderNode,
  HeaderTree,
  OutPoint,
  Transaction,
  TxId,
} from '@onehop/ledger'
import { equalBytes } from '@onehop/primitives'
import type { BlockEntry, BlockIndex } from './block-index.ts'
import type { ChainQueue } from './chain-queue.ts'
import type { ChainState } from './chain-state.ts'
import type { ChainStore } from './chain-store.ts'
import { begin, type CoinSetStatistics, type CoinSnapshot, countCoins } from './coin-snapshot.ts'
import type { Indexes } from './indexes/indexes.ts'
import { MAX_HEADERS_PER_CALL } from './limits.ts'
import type { Pruner } from './pruner.ts'
import { activeHeadersAfter, missingBlocks } from './sync-queries.ts'
import { TransactionCounts } from './transaction-counts.ts'

/**
 * How far a block has got, in the words of `getchaintips`: on the active chain; invalid; without all bodies; with all of
 * them, but not checked with its coins; checked, but no longer on the active chain.
 */
export type BlockStanding = 'active' | 'invalid' | 'headers-only' | 'valid-headers' | 'valid-fork'

/** How much of old blocks is here. */
export interface ChainPruning {
  readonly isEnabled: boolean
  /** Bytes that blocks and undo data may take; undefined when only what is asked for is deleted. */
  readonly targetBytes: number | undefined
  /** Height of the highest block that is not whole here; −1 when all are. */
  readonly prunedHeight: number
}

/** A transaction and the block of the active chain that has it. */
export interface FoundTransaction {
  readonly transaction: Transaction
  readonly node: HeaderNode
}

/** What can be asked of a chain: nothing here changes it. */
export abstract class ChainReader {
  abstract readonly parameters: ChainParameters
  abstract readonly headerTree: HeaderTree
  abstract readonly indexes: Indexes
  protected abstract readonly store: ChainStore
  protected abstract readonly index: BlockIndex
  protected abstract readonly state: ChainState
  protected abstract readonly pruner: Pruner
  protected abstract readonly jobs: ChainQueue
  private readonly transactionCounts = new TransactionCounts(node => this.transactionCount(node))

  /**
   * The last block of the active chain. Blocks that come together are stored together: who tells somebody of it waits
   * for {@link durable} first.
   */
  get tip(): HeaderNode {
    return this.state.tip
  }

  /** Resolves when all that can be read now would survive a loss of power. @throws {ChainHaltedError} */
  durable(): Promise<void> {
    return this.state.committed()
  }

  /** Whether old blocks are deleted, and which have been. */
  get pruning(): ChainPruning {
    const { pruner } = this
    return {
      isEnabled: pruner.isEnabled,
      targetBytes: pruner.targetBytes,
      prunedHeight: pruner.prunedHeight(),
    }
  }

  /** Whether the block's body was here and has been deleted. */
  isPruned(node: HeaderNode): boolean {
    return this.index.entryOf(node).pruned
  }

  /** Bytes of all stored blocks and undo data. */
  blockBytes(): number {
    return this.pruner.usedBytes()
  }

  /** What somebody should see to, one sentence each. */
  warnings(): string[] {
    const { unreachable } = this.state
    if (!unreachable || unreachable.invalid || unreachable.chainWork <= this.tip.chainWork) return []
    return [
      'A branch with more work begins below the blocks that pruning has kept: this node must download the chain anew to follow it.',
    ]
  }

  /** How far the block and those before it have got. */
  standingOf(node: HeaderNode): BlockStanding {
    const { linked, connected } = this.index.entryOf(node)
    if (this.isActive(node)) return 'active'
    if (node.invalid) return 'invalid'
    if (!linked) return 'headers-only'
    return connected ? 'valid-fork' : 'valid-headers'
  }

  /** Whether the block's bytes are here, on whatever branch. */
  hasBlock(hash: BlockHash): boolean {
    return this.entryAt(hash)?.block !== undefined
  }

  /** The block's bytes, on whatever branch it is; undefined when they are not here. */
  async getBlockBytes(hash: BlockHash): Promise<Uint8Array | undefined> {
    const entry = this.entryAt(hash)
    return entry && this.jobs.read(() => this.state.readBytes(entry))
  }

  /** The block, on whatever branch it is; undefined when it is not here. */
  async getBlock(hash: BlockHash): Promise<Block | undefined> {
    const entry = this.entryAt(hash)
    return entry && this.jobs.read(() => this.state.readBlock(entry))
  }

  /** The coins that the block spent; undefined when it was never connected, and for the first block. */
  async getUndo(hash: BlockHash): Promise<BlockUndo | undefined> {
    const entry = this.entryAt(hash)
    return entry && this.jobs.read(() => this.state.readUndo(entry))
  }

  /** How many transactions the block has; undefined when its body was never here. */
  async transactionCount(node: HeaderNode): Promise<number | undefined> {
    // Stores of older versions have no counts.
    return this.index.entryOf(node).transactions ?? (await this.getBlock(node.hash))?.transactions.length
  }

  /** How many transactions the block and all before it have; undefined when the body of one was never here. */
  totalTransactionCount(node: HeaderNode): Promise<number | undefined> {
    return this.transactionCounts.upTo(node)
  }

  /** The block of the active chain at this height. */
  nodeAtHeight(height: number): HeaderNode | undefined {
    return this.state.active.at(height)
  }

  /** The hash of the active chain's block at this height. */
  hashAtHeight(height: number): BlockHash | undefined {
    return this.nodeAtHeight(height)?.hash
  }

  /** Whether the block is on the active chain. */
  isActive(node: HeaderNode): boolean {
    return this.state.active.contains(node)
  }

  /** The unspent output at the tip; the mempool's transactions change nothing here. */
  getCoin(outpoint: OutPoint): Coin | undefined {
    this.jobs.assertUsable()
    return this.store.coins.get(outpoint)
  }

  /** Memory that coins take, clean and dirty. */
  get coinsMemoryBytes(): number {
    return this.store.coins.memoryBytes
  }

  /** All unspent outputs at the tip, by transaction id and index. */
  async *coins(): AsyncIterable<readonly [OutPoint, Coin]> {
    const { coins } = await this.snapshotCoins()
    yield* coins
  }

  /** All unspent outputs at the tip as it is now, for a reader that takes its time. */
  snapshotCoins(): Promise<CoinSnapshot> {
    return this.jobs.run(async () => {
      await this.state.flush()
      return { tip: this.tip, coins: await begin(this.store.coins.flushedCoins()) }
    })
  }

  /** Number, value and hash of all unspent outputs at one block, the tip when it was asked. */
  async coinStatistics(hashType: CoinHashType): Promise<CoinSetStatistics> {
    const snapshot = await this.snapshotCoins()
    return this.jobs.read(async () => ({
      ...(await countCoins(snapshot.coins, hashType)),
      tip: snapshot.tip,
      diskBytes: await this.store.coins.diskBytes(),
    }))
  }

  /**
   * A transaction of the active chain, found by the index of transactions. Where there is none, or it is not built yet,
   * by an output of it that is unspent: then others are not found.
   */
  async findTransaction(txid: TxId): Promise<FoundTransaction | undefined> {
    const indexed = await this.jobs.read(() => this.indexes.findTransaction(txid))
    if (indexed !== 'not indexed') return indexed
    const coin = await this.jobs.read(() => this.store.coins.anyCoinOf(txid))
    const node = coin && this.nodeAtHeight(coin.height)
    const block = node && (await this.getBlock(node.hash))
    const transaction = block?.transactions.find(one => equalBytes(one.txid, txid))
    return node && transaction && { transaction, node }
  }

  /**
   * Blocks on the way to the best header, or to the one named, whose bodies are not here, lowest first. None when that
   * way is unknown, invalid, or has no more work than the active chain.
   */
  blocksToDownload(limit: number, towards = this.headerTree.best.hash): BlockHash[] {
    const goal = this.headerTree.get(towards)
    if (goal === undefined || goal.invalid) return []
    return missingBlocks(goal, this.state.active, this.index, limit)
  }

  /** Headers of the active chain after the first block of the locator that is on it, lowest first. */
  headersAfter(locator: readonly BlockHash[], limit = MAX_HEADERS_PER_CALL): BlockHeader[] {
    return activeHeadersAfter(locator, this.headerTree, this.state.active, limit)
  }

  private entryAt(hash: BlockHash): BlockEntry | undefined {
    const node = this.headerTree.get(hash)
    return node && this.index.entryOf(node)
  }
}
