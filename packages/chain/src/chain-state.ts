import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Block,
  type BlockUndo,
  blockHashToHex,
  type ChainParameters,
  CoinsCache,
  connectBlock,
  disconnectBlock,
  HEADER_LENGTH,
  type HeaderNode,
  type HeaderTree,
  parseBlock,
  parseUndo,
  runScriptChecks,
  serializeUndo,
} from '@onehop/ledger'
import {
  assert,
  assertDefined,
  equalBytes,
  OK,
  type Rejection,
  type SignatureVerifier,
  sha256d,
  type Verdict,
} from '@onehop/primitives'
import { ActiveChain } from './active-chain.ts'
import { type BlockEntry, type BlockIndex, indexEntryOf } from './block-index.ts'
import type { ChainStore, StoreBatch } from './chain-store.ts'
import { decodeStored, StoreCorruptError } from './errors.ts'
import { INVALIDATED } from './invalidation.ts'

/**
 * Faults of a body that its header does not commit to: somebody else may have the right body for the same header,
 * so the header stays in the race (Core's BLOCK_MUTATED).
 */
const MUTATED_BODY_CODES: ReadonlySet<string> = new Set([
  'bad-txnmrklroot',
  'bad-txns-duplicate',
  'unexpected-witness',
  'bad-witness-nonce-size',
  'bad-witness-merkle-match',
])

/** A body that is not stored yet. */
export interface FreshBlock {
  readonly block: Block
  readonly bytes: Uint8Array
}

/** Is told of every step of the tip, after the step is stored. */
export interface ChainStateObserver {
  onConnected(block: Block, node: HeaderNode): void
  onDisconnected(block: Block, node: HeaderNode): void
}

/** What a chain state is made of, as it was read from the store. */
export interface ChainStateOptions {
  readonly store: ChainStore
  readonly index: BlockIndex
  readonly tree: HeaderTree
  readonly tip: HeaderNode
  readonly parameters: ChainParameters
  readonly verifier: SignatureVerifier
  readonly observer: ChainStateObserver
}

/**
 * The active chain and its coins. Moves the tip one block at a time; each step is one commit of the store, so that
 * whatever happens between two steps, the store is at a block boundary. Calls must not overlap.
 */
export class ChainState {
  readonly active: ActiveChain
  private readonly options: ChainStateOptions

  constructor(options: ChainStateOptions) {
    this.options = options
    this.active = new ActiveChain(options.tip)
  }

  get tip(): HeaderNode {
    return this.active.tip
  }

  /**
   * Connects a block to the tip; a fresh one is stored with it in the same commit.
   * @returns why it is invalid; then nothing has changed but that it may be marked ({@link refuse}).
   */
  async connect(entry: BlockEntry, fresh?: FreshBlock): Promise<Verdict> {
    const { store, parameters, verifier, observer, index } = this.options
    const block = fresh?.block ?? (await this.readLinked(entry))
    const coins = new CoinsCache(store)
    const result = connectBlock(block, { node: entry.node, coins, parameters })
    if (!result.ok) return this.refuse(entry, result)
    const scripts = runScriptChecks(result.value.checks, verifier)
    if (!scripts.ok) return this.refuse(entry, scripts)
    const location = fresh ? await store.appendBlock(fresh.bytes) : entry.block
    const undo = entry.undo ?? (await this.appendUndo(entry, result.value.undo))
    await this.commit([{ ...entry, block: location, undo }], {
      coins: coins.changes(),
      bestBlock: entry.node.hash,
    })
    entry.undo = undo
    this.active.push(entry.node)
    if (entry.block === undefined) index.setBody(entry, assertDefined(location, 'a fresh block was stored'))
    observer.onConnected(block, entry.node)
    return OK
  }

  /** Stores a body that does not extend the tip. */
  async storeBody(entry: BlockEntry, bytes: Uint8Array): Promise<void> {
    const block = await this.options.store.appendBlock(bytes)
    await this.commit([{ ...entry, block }], {})
    this.options.index.setBody(entry, block)
  }

  /**
   * Marks the block and all that build on it invalid, here and in the store, unless only this body of it is wrong.
   * @returns the rejection.
   */
  async refuse(entry: BlockEntry, rejection: Rejection): Promise<Rejection> {
    const { index, tree } = this.options
    if (MUTATED_BODY_CODES.has(rejection.code)) {
      assert(entry.block === undefined, 'a stored body is the one that its header commits to')
      return rejection
    }
    const nodes = tree.markInvalid(entry.node, rejection)
    index.dropInvalid(nodes)
    await this.commitNodes(nodes)
    return rejection
  }

  /** Stores the headers that are only in memory. */
  async storeHeaders(): Promise<void> {
    if (this.options.index.hasUnstored) await this.commit([], {})
  }

  /** Marks the block and all that build on it invalid because somebody here says so. The tip may be among them. */
  async invalidate(entry: BlockEntry): Promise<void> {
    const { index, tree } = this.options
    const nodes = tree.markInvalid(entry.node, INVALIDATED)
    index.dropInvalid(nodes)
    await this.commitNodes(nodes)
  }

  /** Takes back that the block, its ancestors or its descendants are invalid, whatever the reason was. */
  async reconsider(entry: BlockEntry): Promise<void> {
    const { index, tree } = this.options
    const nodes = tree.reconsider(entry.node)
    index.reviveCandidates(index.entryOf(this.tip))
    await this.commitNodes(nodes)
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
      await this.moveTo(target.node, refused)
    }
    index.pruneCandidates(index.entryOf(this.tip))
    return refused
  }

  /** The block's bytes, when they are stored. @throws {StoreCorruptError} when they are another block's. */
  async readBytes({ block, node }: BlockEntry): Promise<Uint8Array | undefined> {
    if (block === undefined) return undefined
    const bytes = await this.options.store.readBlock(block)
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
  async readUndo({ undo, node }: BlockEntry): Promise<BlockUndo | undefined> {
    if (undo === undefined || node.parent === undefined) return undefined
    const bytes = await this.options.store.readUndo(undo, node.parent.hash)
    return decodeStored('Stored undo data', () => parseUndo(bytes))
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
    const parent = assertDefined(node.parent, 'the first block is never disconnected')
    const block = await this.readLinked(entry)
    const undo = assertDefined(await this.readUndo(entry), 'a connected block has undo data')
    const coins = new CoinsCache(store)
    disconnectBlock(block, undo, coins)
    await this.commit([], { coins: coins.changes(), bestBlock: parent.hash })
    this.active.pop()
    observer.onDisconnected(block, node)
  }

  private commitNodes(nodes: readonly HeaderNode[]): Promise<void> {
    const { index } = this.options
    return this.commit(
      nodes.map(node => index.entryOf(node)),
      {},
    )
  }

  /** Headers that nobody has stored yet go with every commit, so that the store has each entry's parent. */
  private async commit(entries: readonly BlockEntry[], rest: Omit<StoreBatch, 'entries'>): Promise<void> {
    const { store, index } = this.options
    const changed = [...index.takeUnstored(), ...entries]
    await store.commit({ ...rest, entries: changed.map(entry => [entry.node.hash, indexEntryOf(entry)]) })
  }

  private async readLinked(entry: BlockEntry): Promise<Block> {
    return assertDefined(await this.readBlock(entry), 'a linked block is stored')
  }

  private async appendUndo({ node }: BlockEntry, undo: BlockUndo) {
    const parent = assertDefined(node.parent, 'the first block is never connected')
    return this.options.store.appendUndo(serializeUndo(undo), parent.hash)
  }
}

/** The nodes after `from`, up to and with `to`, its descendant. */
function pathBetween(from: HeaderNode, to: HeaderNode): HeaderNode[] {
  const path: HeaderNode[] = []
  for (let node = to; node !== from; node = assertDefined(node.parent, 'a descendant of the fork'))
    path.push(node)
  return path.reverse()
}
