import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Block,
  type BlockHash,
  type BlockUndo,
  blockHashToHex,
  type ChainParameters,
  checkNotMutated,
  connectBlock,
  disconnectBlock,
  HEADER_LENGTH,
  type HeaderNode,
  type HeaderTree,
  isAssumedValid,
  parseBlock,
  parseUndo,
  type ScriptCache,
  type ScriptCheck,
  serializeUndo,
} from '@onehop/ledger'
import {
  assert,
  assertDefined,
  equalBytes,
  OK,
  type Rejection,
  sha256d,
  type Verdict,
} from '@onehop/primitives'
import { ActiveChain } from './active-chain.ts'
import { type BlockEntry, type BlockIndex, indexEntryOf } from './block-index.ts'
import type { ChainStore } from './chain-store.ts'
import { CommitGroup } from './commit-group.ts'
import { decodeStored, StoreCorruptError } from './errors.ts'
import { INVALIDATED } from './invalidation.ts'
import { MAX_UNFLUSHED_STEPS } from './limits.ts'
import type { StoredFile } from './pruning.ts'
import type { ScriptChecker } from './script-checks/script-checker.ts'

/** A body that is not stored yet. */
export interface FreshBlock {
  readonly block: Block
  readonly bytes: Uint8Array
}

/** Is told of every step of the tip at once: it is stored only with the next commit. */
export interface ChainStateObserver {
  onConnected(block: Block, node: HeaderNode): void
  onDisconnected(block: Block, node: HeaderNode): void
}

/** What a chain state is made of, as it was read from the store. */
export interface ChainStateOptions {
  readonly store: ChainStore
  readonly index: BlockIndex
  readonly tree: HeaderTree
  /** The block whose coins the store holds. */
  readonly tip: HeaderNode
  readonly parameters: ChainParameters
  readonly scripts: ScriptChecker
  readonly scriptCache: ScriptCache
  readonly observer: ChainStateObserver
  /** A block whose scripts, and those of its ancestors, need not be run under {@link isAssumedValid}. */
  readonly assumedValid?: BlockHash | undefined
}

/**
 * The active chain and its coins. Moves the tip one block at a time, in memory; blocks, undo data and index come to the
 * store with a {@link commit}, which several steps may share, and the coins later, when it suits them. Calls must not
 * overlap.
 */
export class ChainState {
  readonly active: ActiveChain
  private readonly options: ChainStateOptions
  private readonly group = new CommitGroup()
  /** Steps of the tip since the coins were flushed. */
  private unflushedSteps = 0
  /** A block with more work than the tip that cannot be gone to, for what it takes has been pruned. */
  unreachable: HeaderNode | undefined
  /** The acknowledged tip, while its coins are worked out again. */
  private acknowledged: HeaderNode | undefined

  constructor(options: ChainStateOptions) {
    this.options = options
    this.active = new ActiveChain(options.tip)
  }

  get tip(): HeaderNode {
    return this.active.tip
  }

  /**
   * Connects a block to the tip; a fresh one is stored with it.
   * @returns why it is invalid; then nothing has changed but that it may be marked ({@link refuse}).
   */
  async connect(entry: BlockEntry, fresh?: FreshBlock): Promise<Verdict> {
    const { store, parameters, scripts, scriptCache, observer } = this.options
    const block = fresh?.block ?? (await this.readLinked(entry))
    const coins = store.coins.overlay()
    // What has been connected before has valid scripts: they depend on the block and those before it only.
    const assumesScripts = entry.connected || this.assumes(entry.node)
    const blockScripts = scripts.begin()
    const onCheck = (check: ScriptCheck) => blockScripts.add(check)
    const context = { node: entry.node, coins, parameters, assumesScripts, scriptCache, onCheck }
    const result = connectBlock(block, context)
    if (!result.ok) {
      blockScripts.abandon()
      return this.refuse(entry, result, block)
    }
    // What takes time here goes on while other threads are at the scripts.
    const undo = entry.undo === undefined ? serializeUndo(result.value.undo) : undefined
    const verdict = await blockScripts.finish()
    if (!verdict.ok) return this.refuse(entry, verdict, block)
    if (fresh !== undefined) await this.storeBody(entry, fresh)
    if (undo !== undefined) await this.storeUndo(entry, undo)
    coins.flushInto(store.coins)
    this.active.push(entry.node)
    observer.onConnected(block, entry.node)
    await this.finishStep(block)
    return OK
  }

  /** Stores a body. */
  async storeBody(entry: BlockEntry, { block, bytes }: FreshBlock): Promise<void> {
    const { store, index } = this.options
    const wasPruned = entry.pruned
    index.setBody(entry, await store.appendBlock(bytes), block.transactions.length)
    if (wasPruned) index.reviveCandidates(index.entryOf(this.tip))
    this.group.touch(entry)
  }

  /**
   * Marks the block and all that build on it invalid, here and in the store. Not where its header does not commit to
   * this body, whatever rule that breaks first: somebody else may have the right one (Core's BLOCK_MUTATED, and why it
   * marks no block for `CheckBlock`).
   * @returns the rejection.
   */
  refuse(entry: BlockEntry, rejection: Rejection, block: Block): Rejection {
    const { index, tree, parameters } = this.options
    if (!checkNotMutated(block, entry.node.height, parameters).ok) {
      assert(entry.block === undefined, 'a stored body is the one that its header commits to')
      return rejection
    }
    const nodes = tree.markInvalid(entry.node, rejection)
    index.dropInvalid(nodes)
    this.touch(nodes)
    return rejection
  }

  /** Whether the store lacks something that a {@link commit} would write. */
  get hasUncommitted(): boolean {
    return !this.group.isEmpty || this.options.index.hasUnstored
  }

  /** Resolves when all that has happened up to now would survive a loss of power. */
  committed(): Promise<void> {
    return this.group.committed()
  }

  /** Runs when all that has happened up to now is stored. */
  announce(announcement: () => void): void {
    this.group.announce(announcement)
  }

  /**
   * Makes the store have all that has happened, but for coins. Headers that nobody has stored yet go with it, so that
   * the store has each entry's parent.
   */
  async commit(): Promise<void> {
    if (!this.hasUncommitted) return
    const { store, index, tree } = this.options
    const changed = new Set([...index.takeUnstored(), ...this.group.changedEntries()])
    const kept = [...changed].filter(({ node }) => tree.get(node.hash) === node)
    const entries = kept.map(entry => [entry.node.hash, indexEntryOf(entry)] as const)
    const removed = index.takeRemoved().map(({ node }) => node.hash)
    const { hash } = this.acknowledged ?? this.tip
    // Coins alone may have been worked out again.
    if (entries.length > 0 || removed.length > 0 || !equalBytes(hash, store.tip()))
      await store.commit({ entries, removed, tip: hash })
    this.group.finish()
  }

  /** Deletes files whose blocks nobody needs any more, first from the index, so that no part of them is missed later. */
  async prune(files: readonly StoredFile[]): Promise<void> {
    if (files.length === 0) return
    const { store, index } = this.options
    // Replaying coins after a crash must not need what is deleted.
    await this.flush()
    for (const { kind, entries } of files) {
      for (const entry of entries) {
        if (kind === 'block') index.setPruned(entry)
        else entry.undo = undefined
        this.group.touch(entry)
      }
    }
    await this.commit()
    for (const { kind, number } of files) await store.removeFile(kind, number)
  }

  /** Makes the store have everything, coins too. */
  async flush(): Promise<void> {
    await this.commit()
    if (this.unflushedSteps === 0) return
    await this.options.store.flushCoins(this.tip.hash)
    this.unflushedSteps = 0
  }

  /** The store has failed: tells those who wait for a commit. */
  fail(reason: Error): void {
    this.group.fail(reason)
  }

  /** Works out again what the coins of the acknowledged tip are. */
  async replay(acknowledged: HeaderNode): Promise<void> {
    this.acknowledged = acknowledged
    await this.moveTo(acknowledged, new Map())
    this.acknowledged = undefined
  }

  /** Marks the block and all that build on it invalid because somebody here says so. The tip may be among them. */
  invalidate(entry: BlockEntry): void {
    const { index, tree } = this.options
    const nodes = tree.markInvalid(entry.node, INVALIDATED)
    index.dropInvalid(nodes)
    this.touch(nodes)
  }

  /** Takes back that the block, its ancestors or its descendants are invalid, whatever the reason was. */
  reconsider(entry: BlockEntry): void {
    const { index, tree } = this.options
    const nodes = tree.reconsider(entry.node)
    index.reviveCandidates(index.entryOf(this.tip))
    this.touch(nodes)
  }

  /**
   * Moves the tip to the linked block with the most work, past invalid ones.
   * @returns why blocks on the way were refused.
   */
  async activateBest(): Promise<Map<BlockEntry, Rejection>> {
    const { index } = this.options
    await this.leaveInvalid()
    const home = index.entryOf(this.tip)
    const refused = new Map<BlockEntry, Rejection>()
    for (;;) {
      const target = index.bestCandidate(home)
      if (target.node === this.tip) break
      if (!this.canReach(target.node)) {
        index.dropCandidate(target)
        continue
      }
      await this.moveTo(target.node, refused)
    }
    index.pruneCandidates(index.entryOf(this.tip))
    return refused
  }

  /** The block's bytes, when they are stored. @throws {StoreCorruptError} when they are another block's. */
  async readBytes(entry: BlockEntry): Promise<Uint8Array | undefined> {
    const { block, node } = entry
    if (block === undefined) return undefined
    const bytes = await this.options.store.readBlock(block).catch((error: unknown) => {
      // The file went away while it was read.
      if (entry.pruned) return undefined
      throw error
    })
    if (bytes === undefined) return undefined
    if (!equalBytes(sha256d(bytes.subarray(0, HEADER_LENGTH)), node.hash))
      throw new StoreCorruptError(`The stored block ${blockHashToHex(node.hash)} is damaged.`)
    return bytes
  }

  /** The block, when it is stored. @throws {StoreCorruptError} */
  async readBlock(entry: BlockEntry): Promise<Block | undefined> {
    const bytes = await this.readBytes(entry)
    return bytes && decodeStored('A stored block', () => parseBlock(bytes))
  }

  /** What the block spent, when it was ever connected. @throws {StoreCorruptError} */
  async readUndo(entry: BlockEntry): Promise<BlockUndo | undefined> {
    const { undo, node } = entry
    if (undo === undefined || node.parent === undefined) return undefined
    const bytes = await this.options.store.readUndo(undo, node.parent.hash).catch((error: unknown) => {
      if (entry.undo === undefined) return undefined
      throw error
    })
    return bytes && decodeStored('Stored undo data', () => parseUndo(bytes))
  }

  /** Goes back to the last block that nobody here has called invalid. */
  private async leaveInvalid(): Promise<void> {
    if (!this.tip.invalid) return
    while (this.tip.invalid) {
      await this.disconnect()
      await nextTurn()
    }
    const { index } = this.options
    index.reviveCandidates(index.entryOf(this.tip))
  }

  /** Whether all bodies and undo data that the way to a block takes are here: after pruning, some may not be. */
  private canReach(target: HeaderNode): boolean {
    const { index } = this.options
    if (!index.isPruned) return true
    const fork = this.active.forkWith(target)
    const canLeave = this.canGoBackTo(fork)
    if (!canLeave) this.unreachable = target
    return canLeave && pathBetween(fork, target).every(node => index.entryOf(node).block !== undefined)
  }

  /** Whether all blocks above one of the active chain can be disconnected. */
  canGoBackTo(fork: HeaderNode): boolean {
    const { index } = this.options
    return pathBetween(fork, this.tip).every(node => {
      const { block, undo } = index.entryOf(node)
      return block !== undefined && undo !== undefined
    })
  }

  /** Stops at the first invalid block. */
  private async moveTo(target: HeaderNode, refused: Map<BlockEntry, Rejection>): Promise<void> {
    const { index } = this.options
    const fork = this.active.forkWith(target)
    while (this.tip !== fork) await this.disconnect()
    for (const node of pathBetween(fork, target)) {
      const entry = index.entryOf(node)
      const verdict = await this.connect(entry)
      if (!verdict.ok) {
        refused.set(entry, verdict)
        return
      }
      // A store in memory never waits: without this, a long catch-up would hold the event loop all along.
      await nextTurn()
    }
  }

  private async disconnect(): Promise<void> {
    const { store, index, observer } = this.options
    const node = this.tip
    const entry = index.entryOf(node)
    const block = await this.readLinked(entry)
    const undo = assertDefined(await this.readUndo(entry), 'a connected block has undo data')
    const coins = store.coins.overlay()
    disconnectBlock(block, undo, coins)
    coins.flushInto(store.coins)
    this.active.pop()
    observer.onDisconnected(block, node)
    await this.finishStep(block)
  }

  /** Keeps within bounds what waits for the store. */
  private async finishStep({ totalSize }: Block): Promise<void> {
    const { coins } = this.options.store
    this.group.step(totalSize)
    this.unflushedSteps += 1
    if (coins.mustFlush || this.unflushedSteps >= MAX_UNFLUSHED_STEPS) await this.flush()
    else if (this.group.isFull) await this.commit()
    coins.makeRoom()
  }

  /** Whether the operator trusts somebody who has run the block's scripts. */
  private assumes(node: HeaderNode): boolean {
    const { assumedValid, tree, parameters } = this.options
    const assumed = assumedValid && tree.get(assumedValid)
    return assumed !== undefined && isAssumedValid(node, assumed, tree.best, parameters)
  }

  private touch(nodes: readonly HeaderNode[]): void {
    for (const node of nodes) this.group.touch(this.options.index.entryOf(node))
  }

  private async readLinked(entry: BlockEntry): Promise<Block> {
    return assertDefined(await this.readBlock(entry), 'a linked block is stored')
  }

  private async storeUndo(entry: BlockEntry, undo: Uint8Array): Promise<void> {
    const parent = assertDefined(entry.node.parent, 'the first block is never connected')
    entry.undo = await this.options.store.appendUndo(undo, parent.hash)
    entry.connected = true
    this.group.touch(entry)
  }
}

/** The nodes after `from`, up to and with `to`, its descendant. */
function pathBetween(from: HeaderNode, to: HeaderNode): HeaderNode[] {
  const path: HeaderNode[] = []
  for (let node = to; node !== from; node = assertDefined(node.parent, 'a descendant of the fork'))
    path.push(node)
  return path.reverse()
}
