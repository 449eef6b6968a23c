import { setImmediate as nextTurn } from 'node:timers/promises'
import { ancestorAt, type Block, type BlockHash, type BlockUndo, type HeaderNode } from '@onehop/ledger'
import { utf8Encode } from '@onehop/primitives'
import { StoreCorruptError } from '../errors.ts'
import { MAX_INDEX_BATCH_BLOCKS, MAX_INDEX_BATCH_BYTES } from '../limits.ts'
import type { KeyValueChange, KeyValueStore } from '../storage/port.ts'
import type { ChainIndex, IndexedBlock, IndexProgress } from './chain-index.ts'

/** The chain that an index follows. */
export interface FollowedChain {
  /** The last tip at which the chain came to rest: stored, with all blocks before it. */
  readonly tip: HeaderNode
  nodeOf(hash: BlockHash): HeaderNode | undefined
  readBytes(node: HeaderNode): Promise<Uint8Array | undefined>
  readBlock(node: HeaderNode): Promise<Block | undefined>
  readUndo(node: HeaderNode): Promise<BlockUndo | undefined>
}

/** What becomes true of an index at once: changes, and the block up to which they lead. */
interface Step {
  readonly changes: KeyValueChange[]
  readonly best: HeaderNode | undefined
}

const NOTHING_SPENT: BlockUndo = { spent: [] }
/** Blocks between two turns of others: a store in memory never waits. */
const BLOCKS_PER_TURN = 16
const BEST_KEY_PREFIX = 'Mindex/'

function bytesOf(changes: readonly KeyValueChange[]): number {
  return changes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
}

function isAncestor(node: HeaderNode, of: HeaderNode): boolean {
  return node.height <= of.height && ancestorAt(of, node.height) === node
}

/**
 * Keeps an index in step with the active chain, in the background: it goes on from the block that the index had come to
 * when it was last written, whether that was a moment or a year ago, and takes back what has left the chain since.
 */
export class IndexFollower {
  readonly index: ChainIndex
  private readonly chain: FollowedChain
  private readonly values: KeyValueStore
  private readonly onFailure: (error: unknown) => void
  private readonly bestKey: Uint8Array
  /** The last block that the index has; undefined when it has none. */
  private best: HeaderNode | undefined
  private synced = false
  private closed = false
  private running: Promise<void> | undefined

  /** @param onFailure told once, of an error that ends the following. */
  constructor(
    index: ChainIndex,
    chain: FollowedChain,
    values: KeyValueStore,
    onFailure: (error: unknown) => void,
  ) {
    this.index = index
    this.chain = chain
    this.values = values
    this.onFailure = onFailure
    this.bestKey = utf8Encode(BEST_KEY_PREFIX + index.name)
    const stored = values.get(this.bestKey)
    // A block that is not known any more: the chain was made anew, and so is the index.
    this.best = stored && chain.nodeOf(stored as BlockHash)
  }

  get progress(): IndexProgress {
    return { name: this.index.name, synced: this.synced, height: this.best?.height ?? -1 }
  }

  /** Goes to the chain's tip, unless it is on its way already. To be called whenever the tip has changed. */
  wake(): void {
    if (this.closed || this.running !== undefined) return
    this.running = this.follow()
      .catch(error => {
        this.closed = true
        this.synced = false
        this.onFailure(error)
      })
      .finally(() => {
        this.running = undefined
      })
  }

  /**
   * Waits for the index to have what the chain has now, if it is near that.
   * @returns false when it is not: it is still being built, or has failed.
   */
  async catchUp(): Promise<boolean> {
    const missing = this.chain.tip.height - (this.best?.height ?? -1)
    if (!this.synced && missing > MAX_INDEX_BATCH_BLOCKS) return false
    await this.running
    return this.synced
  }

  /** Resolves when it has come to the tip, or has stopped. */
  async idle(): Promise<void> {
    await this.running
  }

  /** Stops at the next block; what is written stays. */
  async close(): Promise<void> {
    this.closed = true
    await this.running
  }

  private async follow(): Promise<void> {
    while (!this.closed && this.best !== this.chain.tip) {
      const { best } = this
      const step =
        best === undefined || isAncestor(best, this.chain.tip) ? await this.forward() : await this.back(best)
      await this.values.write([...step.changes, { key: this.bestKey, value: step.best?.hash }])
      this.best = step.best
      await nextTurn()
    }
    if (this.best === this.chain.tip) this.synced = true
  }

  /** As many blocks as one batch takes. */
  private async forward(): Promise<Step> {
    const { tip } = this.chain
    const changes: KeyValueChange[] = []
    let { best } = this
    let bytes = 0
    for (let blocks = 0; blocks < MAX_INDEX_BATCH_BLOCKS && bytes < MAX_INDEX_BATCH_BYTES; blocks++) {
      if (best === tip) break
      const next = ancestorAt(tip, best === undefined ? 0 : best.height + 1)
      const added = await this.index.connect(await this.read(next), this.values)
      changes.push(...added)
      bytes += bytesOf(added)
      best = next
      if (blocks % BLOCKS_PER_TURN === 0) await nextTurn()
    }
    return { changes, best }
  }

  private async back(best: HeaderNode): Promise<Step> {
    return { changes: await this.index.disconnect(await this.read(best)), best: best.parent }
  }

  private async read(node: HeaderNode): Promise<IndexedBlock> {
    const block = await this.chain.readBlock(node)
    if (block === undefined) throw this.missing(node)
    return {
      node,
      block,
      undo: async () => {
        if (node.height === 0) return NOTHING_SPENT
        return (await this.chain.readUndo(node)) ?? Promise.reject(this.missing(node))
      },
    }
  }

  private missing({ height }: HeaderNode): Error {
    return new StoreCorruptError(`The ${this.index.name} needs block ${height}, which is not here any more.`)
  }
}
