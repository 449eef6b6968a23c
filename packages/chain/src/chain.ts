import { randomBytes } from 'node:crypto'
import {
  type Accepted,
  type Block,
  type BlockHeader,
  type ChainParameters,
  CoinsCache,
  connectBlock,
  createBlockTemplate,
  type HeaderNode,
  HeaderTree,
  MAX_BLOCK_WEIGHT,
  Mempool,
  parseBlock,
  ScriptCache,
  type Transaction,
  TransactionIntake,
} from '@onehop/ledger'
import {
  assertDefined,
  attemptDecode,
  equalBytes,
  invalid,
  type Result,
  refused,
  SIPHASH_KEY_LENGTH,
  type Verdict,
} from '@onehop/primitives'
import { acceptBody } from './accept-body.ts'
import type { BlockIndex } from './block-index.ts'
import type { ChainEvents } from './chain-events.ts'
import { type ChainOptions, openStorage, scriptCheckerOf } from './chain-options.ts'
import { ChainQueue } from './chain-queue.ts'
import { ChainReader } from './chain-reader.ts'
import { ChainState, type ChainStateObserver, type FreshBlock } from './chain-state.ts'
import { ChainStore } from './chain-store.ts'
import { finishFlush } from './coins/finish-flush.ts'
import { ChainHaltedError, PrunedBlocksError, PrunedStoreError } from './errors.ts'
import type { HeaderIntake } from './header-intake.ts'
import type { FollowedChain } from './indexes/index-follower.ts'
import { Indexes } from './indexes/indexes.ts'
import { MAX_HEADERS_PER_CALL, MAX_INVALIDATED_BLOCKS_RETURNED, MAX_RECORD_FILE_BYTES } from './limits.ts'
import { Listeners } from './listeners.ts'
import { type LoadedIndex, loadIndex } from './load-index.ts'
import { MempoolRelay } from './mempool-relay.ts'
import { PeerHeaders } from './peer-headers.ts'
import { Pruner } from './pruner.ts'
import type { ScriptChecker } from './script-checks/script-checker.ts'
import type { Storage } from './storage/port.ts'
import { TransactionGate } from './transaction-gate.ts'
import { type ChainVerification, type CheckLevel, verifyChain } from './verify-chain.ts'

interface ChainParts {
  readonly storage: Storage
  readonly store: ChainStore
  readonly tree: HeaderTree
  readonly loaded: LoadedIndex
  readonly scripts: ScriptChecker
}

/** What a block is made of while a reorganisation is under way. */
const NO_ENTRIES: Pick<Mempool, 'entries'> = { entries: () => [].values() }

/**
 * The chain that lives: takes blocks, headers and transactions from anyone, keeps what is valid, and stands on the
 * valid chain with the most work. Everything that changes it runs one after the other.
 */
export class Chain extends ChainReader {
  readonly parameters: ChainParameters
  readonly headerTree: HeaderTree
  readonly mempool: Mempool
  /** How transactions come into the mempool, and what waits for its parents. */
  readonly transactions: TransactionGate
  /** Unix time in seconds, by the clock that it was opened with. */
  readonly nowSeconds: () => number
  readonly indexes: Indexes
  private readonly scripts: ScriptChecker
  private readonly storage: Storage
  protected readonly store: ChainStore
  protected readonly index: BlockIndex
  protected readonly state: ChainState
  protected readonly pruner: Pruner
  protected readonly jobs: ChainQueue
  private readonly relay: MempoolRelay
  private readonly listeners = new Listeners<ChainEvents>()
  private readonly headers: PeerHeaders
  /** The tip when no change of it was under way. */
  private restingTip: HeaderNode

  private constructor(options: ChainOptions, { storage, store, tree, loaded, scripts }: ChainParts) {
    super()
    const { parameters, nowSeconds } = options
    this.parameters = parameters
    this.nowSeconds = nowSeconds
    this.scripts = scripts
    this.storage = storage
    this.store = store
    this.headerTree = tree
    this.index = loaded.index
    this.mempool = new Mempool({
      ...options.mempool,
      parameters,
      observer: {
        onAdded: transaction => this.emit('transaction', transaction),
        onRemoved: (transaction, reason) => this.emit('transactionRemoved', transaction, reason),
      },
    })
    const { verifier } = scripts
    const scriptCache = new ScriptCache()
    const pool = {
      mempool: this.mempool,
      intake: new TransactionIntake(this.mempool),
      context: () => ({ coins: store.coins, tip: this.tip, now: nowSeconds(), verifier, scriptCache }),
    }
    this.relay = new MempoolRelay({
      ...pool,
      onDropped: transaction => this.emit('transactionRemoved', transaction, 'reorg'),
    })
    this.transactions = new TransactionGate({ ...pool, enqueue: job => this.jobs.run(job) })
    const { index, coinsTip: tip } = loaded
    this.restingTip = tip
    const { observer } = this
    this.state = new ChainState({
      store,
      index,
      tree,
      tip,
      parameters,
      scripts,
      scriptCache,
      observer,
      assumedValid: options.assumedValid,
    })
    this.jobs = new ChainQueue({
      get isUnsure() {
        return store.isUnsure
      },
      commit: () => this.state.commit(),
      committed: () => this.state.committed(),
      fail: reason => this.state.fail(reason),
    })
    this.headers = new PeerHeaders({
      tree,
      index,
      tip: () => this.tip,
      nowSeconds,
      salt: () => randomBytes(SIPHASH_KEY_LENGTH),
      // A failure to store halts the chain, and every later call tells of it.
      onAdded: () => void this.jobs.run(async () => this.headers.dropSurplus()).catch(() => undefined),
    })
    const { indexes = [], onIndexFailure = () => undefined } = options
    this.pruner = new Pruner({
      store,
      index,
      state: this.state,
      neededFrom: () => this.indexes.neededFrom,
      options: options.prune,
      maxFileBytes: options.maxFileBytes ?? MAX_RECORD_FILE_BYTES,
    })
    this.indexes = new Indexes(indexes, this.followed(), storage.values, onIndexFailure)
  }

  /**
   * Opens a chain, and brings it to the best block that its store knows of.
   * @throws {DatadirInUseError | WrongNetworkError | NewerFormatError | StoreCorruptError}
   */
  static async open(options: ChainOptions): Promise<Chain> {
    const storage = await openStorage(options)
    const scripts = scriptCheckerOf(options)
    let store: ChainStore | undefined
    try {
      store = await ChainStore.open(storage, options.parameters, options)
      const tree = new HeaderTree(options.parameters)
      const loaded = await loadIndex(store, options.parameters, tree)
      const chain = new Chain(options, { storage, store, tree, loaded, scripts })
      if (loaded.index.isPruned && options.prune === undefined)
        throw new PrunedStoreError(storage.description)
      await chain.jobs.run(() => chain.recover(loaded))
      chain.restingTip = chain.tip
      chain.indexes.wake()
      return chain
    } catch (error) {
      await scripts.close()
      await store?.close()
      await storage.close()
      throw error instanceof ChainHaltedError ? error.cause : error
    }
  }

  /** Calls the listener at every such event until the returned function is called. */
  on<Name extends keyof ChainEvents>(
    name: Name,
    listener: (...values: ChainEvents[Name]) => void,
  ): () => void {
    return this.listeners.on(name, listener)
  }

  /**
   * Takes in headers, each the child of a known one or of one before it in the list, up to the first that is
   * refused. They are stored soon after.
   * @returns why the first refused one was.
   */
  acceptHeaders(headers: readonly BlockHeader[]): Verdict {
    this.jobs.assertUsable()
    if (headers.length > MAX_HEADERS_PER_CALL) return invalid('too-many-headers')
    return this.headers.add(headers)
  }

  /**
   * Takes in a header that a peer announced. Beside {@link acceptHeaders}'s, it is refused (blame: nobody) with
   * `too-little-chainwork` far below the tip, and with `too-many-headers` after too many of the source's whose blocks
   * never came.
   */
  acceptAnnouncedHeader(header: BlockHeader, source: string): Verdict {
    this.jobs.assertUsable()
    return this.headers.addAnnounced(header, source)
  }

  /** Begins to take in all headers of a peer. */
  openHeaderIntake(source: string): HeaderIntake {
    this.jobs.assertUsable()
    return this.headers.openIntake(source)
  }

  /**
   * Takes in a block: checks it, stores it, and moves the tip where that is due. A block that is known already is
   * in order, and so is one that is stored but not on the active chain.
   */
  async acceptBlock(bytes: Uint8Array): Promise<Verdict> {
    if (bytes.length > MAX_BLOCK_WEIGHT) return invalid('bad-blk-length', 'size limits failed')
    const parsed = attemptDecode('block-decode-failed', () => parseBlock(bytes))
    if (!parsed.ok) return parsed
    return this.jobs.runDurable(() => this.takeBlock({ block: parsed.value, bytes }))
  }

  /**
   * Treats the block, and all that build on it, as if they broke a rule, until {@link reconsiderBlock}: the tip moves to
   * the best of the others. Of the disconnected blocks, the mempool gets the transactions of the highest ones back.
   * The network's first block stays valid.
   */
  invalidateBlock(node: HeaderNode): Promise<void> {
    return this.jobs.runDurable(async () => {
      if (node === this.headerTree.genesis) return
      if (node.parent && this.isActive(node) && !this.state.canGoBackTo(node.parent))
        throw new PrunedBlocksError(node.height)
      this.relay.limitReturns(MAX_INVALIDATED_BLOCKS_RETURNED)
      this.state.invalidate(this.index.entryOf(node))
      await this.activate()
    })
  }

  /** Forgets that the block, its ancestors or its descendants are invalid, whatever the reason: they are checked again. */
  reconsiderBlock(node: HeaderNode): Promise<void> {
    return this.jobs.runDurable(async () => {
      this.state.reconsider(this.index.entryOf(node))
      await this.activate()
    })
  }

  /** Treats the block as if it had come before all others of its work, until the next such call or the end of the process. */
  preferBlock(node: HeaderNode): Promise<void> {
    return this.jobs.runDurable(async () => {
      if (node.chainWork < this.tip.chainWork) return
      this.index.prefer(this.index.entryOf(node))
      await this.activate()
    })
  }

  /**
   * Verifies the highest blocks of the active chain against the rules, and the coins against the blocks. Nothing else
   * changes the chain meanwhile.
   * @param depth how many blocks; 0 for all.
   */
  verify(level: CheckLevel, depth: number): Promise<ChainVerification> {
    const { state, index, parameters, scripts } = this
    const { coins } = this.store
    return this.jobs.run(() => verifyChain({ state, index, parameters, scripts, coins }, level, depth))
  }

  /** Deletes the files whose blocks are all at or below the height, but for those that have to be kept. */
  prune(height: number): Promise<void> {
    return this.jobs.run(() => this.pruner.pruneTo(height))
  }

  /**
   * Whether the block would be valid on the tip if it had a proof of work (BIP 23's proposals). Changes nothing.
   * Refused: `inconclusive-not-best-prevblk` (blame: nobody) for one that builds on another block.
   */
  testBlock(block: Block): Promise<Verdict> {
    return this.jobs.run(async () => {
      const { tip, parameters, headerTree } = this
      if (!equalBytes(block.header.previousBlock, tip.hash)) return refused('inconclusive-not-best-prevblk')
      const node = headerTree.preview(block.header, tip, this.nowSeconds())
      if (!node.ok) return node
      const coins = new CoinsCache(this.store.coins)
      const connected = connectBlock(block, { node: node.value, coins, parameters, isTemplate: true })
      return connected.ok ? this.scripts.run(connected.value.checks) : connected
    })
  }

  /** Takes a transaction into the mempool. @param from the peer that sent it, if a peer did. */
  acceptTransaction(bytes: Uint8Array, from?: string): Promise<Verdict> {
    return this.transactions.accept(bytes, { from })
  }

  /** Whether {@link acceptTransaction} would take it now. Changes nothing. */
  testTransaction(transaction: Transaction): Result<Accepted> {
    this.jobs.assertUsable()
    return this.transactions.test(transaction)
  }

  /** A block on the tip, of mempool transactions, that lacks only its proof of work. */
  createTemplate(coinbaseScript: Uint8Array): Block {
    const { mempool, parameters } = this
    return createBlockTemplate({
      parent: this.tip,
      mempool: this.relay.isUnsettled ? NO_ENTRIES : mempool,
      parameters,
      coinbaseScript,
      nowSeconds: this.nowSeconds(),
    })
  }

  /** What indexes see of this chain. */
  private followed(): FollowedChain {
    const chain = this
    const { state, index, headerTree } = this
    return {
      get tip() {
        return chain.restingTip
      },
      nodeOf: hash => headerTree.get(hash),
      readBytes: node => state.readBytes(index.entryOf(node)),
      readBlock: node => state.readBlock(index.entryOf(node)),
      readUndo: node => state.readUndo(index.entryOf(node)),
    }
  }

  private readonly observer: ChainStateObserver = {
    onConnected: (block, node) => {
      this.relay.onConnected(block)
      this.emit('blockConnected', block, node)
    },
    onDisconnected: (block, node) => {
      this.emit('blockDisconnected', block, node)
      this.relay.onDisconnected(block)
    },
  }

  /** Tells listeners when all that has happened up to now is stored. */
  private emit<Name extends keyof ChainEvents>(name: Name, ...values: ChainEvents[Name]): void {
    this.state.announce(() => this.listeners.emit(name, ...values))
  }

  /** Gets the coins to where the acknowledged blocks were, and goes on to the best block. */
  private async recover({ index, coinsTip, acknowledged }: LoadedIndex): Promise<void> {
    const { state, store, headerTree } = this
    const flushed = store.coins.flushedBlock
    const from = flushed && headerTree.get(flushed)
    if (from !== undefined && store.coins.unfinishedFlush !== undefined) {
      await finishFlush(store, [from, coinsTip], {
        readBlock: async node =>
          assertDefined(await state.readBlock(index.entryOf(node)), 'it was connected'),
        readUndo: async node => assertDefined(await state.readUndo(index.entryOf(node)), 'it was connected'),
      })
    }
    await state.replay(acknowledged)
    await state.activateBest()
    await this.relay.settle()
    await this.pruner.removeLeftovers()
  }

  private async takeBlock(fresh: FreshBlock): Promise<Verdict> {
    const { state, index, parameters, tip: before } = this
    const added = this.headerTree.add(fresh.block.header, this.nowSeconds())
    if (!added.ok) return added
    const verdict = await acceptBody(index.entryOf(added.value), fresh, { state, index, parameters })
    await this.settle(before)
    await this.pruner.keepTarget()
    return verdict
  }

  /** Goes to the best block, and tells of it. */
  private async activate(): Promise<void> {
    const { tip: before } = this
    await this.state.activateBest()
    await this.settle(before)
  }

  private async settle(before: HeaderNode): Promise<void> {
    await this.relay.settle()
    void this.transactions.retryOrphans()
    const { tip } = this
    if (tip === before) return
    this.state.announce(() => {
      this.restingTip = tip
      this.indexes.wake()
    })
    this.emit('tip', tip)
  }

  /**
   * Waits for what has begun, writes what is only in memory, and closes the store. Calls that come later are refused.
   * @throws {ChainHaltedError} when it cannot be written; nothing that was acknowledged is lost then.
   */
  async close(): Promise<void> {
    let isFirst = true
    try {
      isFirst = await this.jobs.close(() => this.state.flush())
    } finally {
      if (isFirst) await this.closeParts()
    }
  }

  private async closeParts(): Promise<void> {
    await this.indexes.close()
    await this.jobs.readsEnd()
    await this.scripts.close()
    await this.store.close()
    await this.storage.close()
  }
}
