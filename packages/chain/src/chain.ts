import { randomBytes } from 'node:crypto'
import { accelerate } from '@onehop/accelerators'
import {
  type Accepted,
  type Block,
  type BlockHash,
  type BlockHeader,
  type BlockUndo,
  type ChainParameters,
  type Coin,
  type CoinHashType,
  CoinsCache,
  connectBlock,
  createBlockTemplate,
  type HeaderNode,
  HeaderTree,
  MAX_BLOCK_WEIGHT,
  Mempool,
  type MempoolOptions,
  type OutPoint,
  parseBlock,
  type RemovalReason,
  ScriptCache,
  type Transaction,
  TransactionIntake,
  type TxId,
} from '@onehop/ledger'
import {
  assertDefined,
  attemptDecode,
  equalBytes,
  invalid,
  type Result,
  refused,
  SIPHASH_KEY_LENGTH,
  type SignatureVerifier,
  type Verdict,
} from '@onehop/primitives'
import { acceptBody } from './accept-body.ts'
import type { BlockEntry, BlockIndex } from './block-index.ts'
import { ChainState, type ChainStateObserver, type FreshBlock } from './chain-state.ts'
import { ChainStore, type ChainStoreOptions } from './chain-store.ts'
import { begin, type CoinSetStatistics, type CoinSnapshot, countCoins } from './coin-snapshot.ts'
import { finishFlush } from './coins/finish-flush.ts'
import { ChainClosedError, ChainHaltedError, PrunedBlocksError, PrunedStoreError } from './errors.ts'
import type { HeaderIntake } from './header-intake.ts'
import type { ChainIndex } from './indexes/chain-index.ts'
import type { FollowedChain } from './indexes/index-follower.ts'
import { Indexes, type IndexFailureListener } from './indexes/indexes.ts'
import { MAX_HEADERS_PER_CALL, MAX_INVALIDATED_BLOCKS_RETURNED, MAX_RECORD_FILE_BYTES } from './limits.ts'
import { Listeners } from './listeners.ts'
import { type LoadedIndex, loadIndex } from './load-index.ts'
import { MempoolRelay } from './mempool-relay.ts'
import { PeerHeaders } from './peer-headers.ts'
import { Pruner } from './pruner.ts'
import type { PruneOptions } from './pruning.ts'
import { defaultScriptThreads, ScriptChecker } from './script-checks/script-checker.ts'
import { SerialQueue } from './serial-queue.ts'
import { DiskStorage } from './storage/disk-storage.ts'
import { MemoryStorage } from './storage/memory-storage.ts'
import type { Storage } from './storage/port.ts'
import { activeHeadersAfter, missingBlocks } from './sync-queries.ts'
import { TransactionCounts } from './transaction-counts.ts'
import { TransactionGate } from './transaction-gate.ts'
import { type ChainVerification, type CheckLevel, verifyChain } from './verify-chain.ts'

/** What a chain is opened with. */
export interface ChainOptions extends ChainStoreOptions {
  readonly parameters: ChainParameters
  /** Folder of the chain's files. Without it, the chain lives in memory. */
  readonly datadir?: string
  /** Another place for the chain to live in, instead of `datadir`. The chain closes it. */
  readonly storage?: Storage
  /** Unix time in seconds. */
  readonly nowSeconds: () => number
  /** @default the fastest that runs here */
  readonly verifier?: SignatureVerifier
  /** Threads that check the scripts of large blocks, the main thread included. @default one for each core, at most {@link MAX_SCRIPT_THREADS} */
  readonly threads?: number
  /** Told of a thread for script checks that ended before its time: one sentence for the log. */
  readonly onThreadTrouble?: (message: string) => void
  /**
   * A block whose scripts somebody trustworthy has run: they need not be run again up to there, once two weeks of work
   * are known to be on top (Core's `assumevalid`). @default none
   */
  readonly assumedValid?: BlockHash | undefined
  /** Bounds of the mempool. @default Bitcoin Core's */
  readonly mempool?: Pick<MempoolOptions, 'limit' | 'minRelayFeeRate' | 'expirySeconds'>
  /** Deletes old blocks. An index of transactions cannot be kept beside it. @default keeps all */
  readonly prune?: PruneOptions | undefined
  /** Tables that follow the active chain; what is switched on later is built in the background. @default none */
  readonly indexes?: readonly ChainIndex[]
  /** Told of an index that follows the chain no more, for its own or the store's failure. */
  readonly onIndexFailure?: IndexFailureListener
}

/** What listeners are told, always after it is stored. */
export interface ChainEvents {
  /** The tip has changed, and no further change is under way. */
  readonly tip: readonly [HeaderNode]
  readonly blockConnected: readonly [Block, HeaderNode]
  readonly blockDisconnected: readonly [Block, HeaderNode]
  /** The mempool took the transaction in, for the first time or back after a reorganisation. */
  readonly transaction: readonly [Transaction]
  /** The mempool dropped the transaction, but not because a block has it. */
  readonly transactionRemoved: readonly [Transaction, RemovalReason]
}

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

interface ChainParts {
  readonly storage: Storage
  readonly store: ChainStore
  readonly tree: HeaderTree
  readonly loaded: LoadedIndex
  readonly scripts: ScriptChecker
}

function scriptCheckerOf(options: ChainOptions): ScriptChecker {
  const { verifier = accelerate().verifier, onThreadTrouble: onTrouble = () => undefined } = options
  const { threads = defaultScriptThreads() } = options
  return new ScriptChecker({ verifier, threads, onTrouble })
}

async function openStorage({ storage, datadir }: ChainOptions): Promise<Storage> {
  if (storage !== undefined) return storage
  return datadir === undefined ? MemoryStorage.open() : DiskStorage.open(datadir)
}

/** What a block is made of while a reorganisation is under way. */
const NO_ENTRIES: Pick<Mempool, 'entries'> = { entries: () => [].values() }

/**
 * The chain that lives: takes blocks, headers and transactions from anyone, keeps what is valid, and stands on the
 * valid chain with the most work. Everything that changes it runs one after the other.
 */
export class Chain {
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
  private readonly store: ChainStore
  private readonly index: BlockIndex
  private readonly state: ChainState
  private readonly pruner: Pruner
  private readonly relay: MempoolRelay
  private readonly transactionCounts = new TransactionCounts(node => this.transactionCount(node))
  private readonly queue = new SerialQueue()
  private readonly listeners = new Listeners<ChainEvents>()
  private readonly reads = new Set<Promise<unknown>>()
  private readonly headers: PeerHeaders
  private durableJobsWaiting = 0
  /** The tip when no change of it was under way. */
  private restingTip: HeaderNode
  private closed = false
  private failure: ChainHaltedError | undefined

  private constructor(options: ChainOptions, { storage, store, tree, loaded, scripts }: ChainParts) {
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
    this.transactions = new TransactionGate({ ...pool, enqueue: job => this.enqueue(job) })
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
    this.headers = new PeerHeaders({
      tree,
      index,
      tip: () => this.tip,
      nowSeconds,
      salt: () => randomBytes(SIPHASH_KEY_LENGTH),
      // A failure to store halts the chain, and every later call tells of it.
      onAdded: () => void this.enqueue(async () => this.headers.dropSurplus()).catch(() => undefined),
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
      await chain.enqueue(() => chain.recover(loaded))
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

  /** The last block of the active chain. */
  get tip(): HeaderNode {
    return this.state.tip
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
    this.assertUsable()
    if (headers.length > MAX_HEADERS_PER_CALL) return invalid('too-many-headers')
    return this.headers.add(headers)
  }

  /**
   * Takes in a header that a peer announced. Beside {@link acceptHeaders}'s, it is refused (blame: nobody) with
   * `too-little-chainwork` far below the tip, and with `too-many-headers` after too many of the source's whose blocks
   * never came.
   */
  acceptAnnouncedHeader(header: BlockHeader, source: string): Verdict {
    this.assertUsable()
    return this.headers.addAnnounced(header, source)
  }

  /** Begins to take in all headers of a peer. */
  openHeaderIntake(source: string): HeaderIntake {
    this.assertUsable()
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
    return this.enqueueDurable(() => this.takeBlock({ block: parsed.value, bytes }))
  }

  /**
   * Treats the block, and all that build on it, as if they broke a rule, until {@link reconsiderBlock}: the tip moves to
   * the best of the others. Of the disconnected blocks, the mempool gets the transactions of the highest ones back.
   * The network's first block stays valid.
   */
  invalidateBlock(node: HeaderNode): Promise<void> {
    return this.enqueueDurable(async () => {
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
    return this.enqueueDurable(async () => {
      this.state.reconsider(this.index.entryOf(node))
      await this.activate()
    })
  }

  /** Treats the block as if it had come before all others of its work, until the next such call or the end of the process. */
  preferBlock(node: HeaderNode): Promise<void> {
    return this.enqueueDurable(async () => {
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
    return this.enqueue(() => verifyChain({ state, index, parameters, scripts, coins }, level, depth))
  }

  /** Deletes the files whose blocks are all at or below the height, but for those that have to be kept. */
  prune(height: number): Promise<void> {
    return this.enqueue(() => this.pruner.pruneTo(height))
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

  /**
   * Whether the block would be valid on the tip if it had a proof of work (BIP 23's proposals). Changes nothing.
   * Refused: `inconclusive-not-best-prevblk` (blame: nobody) for one that builds on another block.
   */
  testBlock(block: Block): Promise<Verdict> {
    return this.enqueue(async () => {
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
    this.assertUsable()
    return this.transactions.test(transaction)
  }

  /** Whether the block's bytes are here, on whatever branch. */
  hasBlock(hash: BlockHash): boolean {
    return this.entryAt(hash)?.block !== undefined
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

  /** The block's bytes, on whatever branch it is; undefined when they are not here. */
  async getBlockBytes(hash: BlockHash): Promise<Uint8Array | undefined> {
    const entry = this.entryAt(hash)
    return entry && this.read(() => this.state.readBytes(entry))
  }

  /** The block, on whatever branch it is; undefined when it is not here. */
  async getBlock(hash: BlockHash): Promise<Block | undefined> {
    const entry = this.entryAt(hash)
    return entry && this.read(() => this.state.readBlock(entry))
  }

  /** The coins that the block spent; undefined when it was never connected, and for the first block. */
  async getUndo(hash: BlockHash): Promise<BlockUndo | undefined> {
    const entry = this.entryAt(hash)
    return entry && this.read(() => this.state.readUndo(entry))
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
    this.assertUsable()
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
    return this.enqueue(async () => {
      await this.state.flush()
      return { tip: this.tip, coins: await begin(this.store.coins.flushedCoins()) }
    })
  }

  /** Number, value and hash of all unspent outputs at one block, the tip when it was asked. */
  async coinStatistics(hashType: CoinHashType): Promise<CoinSetStatistics> {
    const snapshot = await this.snapshotCoins()
    return this.read(async () => ({
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
    const indexed = await this.read(() => this.indexes.findTransaction(txid))
    if (indexed !== 'not indexed') return indexed
    const coin = await this.read(() => this.store.coins.anyCoinOf(txid))
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

  /**
   * Runs alone, after all that came before, and before long what it did is stored. When the store fails in the middle of
   * a write, memory and store may differ: nothing runs after that.
   */
  private enqueue<T>(job: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new ChainClosedError())
    return this.queue.run(async () => {
      if (this.failure !== undefined) throw this.failure
      try {
        return await this.thenCommit(job)
      } catch (error) {
        if (!this.store.isUnsure) throw error
        this.failure = new ChainHaltedError(error)
        this.state.fail(this.failure)
        throw this.failure
      }
    })
  }

  /**
   * As {@link enqueue}, and resolves when what the job did, and what it found done, would survive a loss of power. Jobs
   * that wait for each other share a commit.
   */
  private async enqueueDurable<T>(job: () => Promise<T>): Promise<T> {
    this.durableJobsWaiting += 1
    let committed: Promise<void> | undefined
    const result = await this.enqueue(async () => {
      this.durableJobsWaiting -= 1
      const done = await job()
      committed = this.state.committed()
      // When the commit fails, this job may be the one that hears of it first.
      committed.catch(() => undefined)
      return done
    })
    await committed
    return result
  }

  private async thenCommit<T>(job: () => Promise<T>): Promise<T> {
    try {
      return await job()
    } finally {
      if (!this.store.isUnsure && this.durableJobsWaiting === 0) await this.state.commit()
    }
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
    await this.pruner.removeLeftovers()
  }

  /** Runs beside the queue; `close` waits for it. */
  private async read<T>(job: () => Promise<T>): Promise<T> {
    this.assertUsable()
    const reading = job()
    this.reads.add(reading)
    try {
      return await reading
    } finally {
      this.reads.delete(reading)
    }
  }

  private assertUsable(): void {
    if (this.closed) throw new ChainClosedError()
    if (this.failure !== undefined) throw this.failure
  }

  private entryAt(hash: BlockHash): BlockEntry | undefined {
    const node = this.headerTree.get(hash)
    return node && this.index.entryOf(node)
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
    if (this.closed) return
    this.closed = true
    try {
      await this.queue.run(async () => {
        if (this.failure === undefined) await this.state.flush()
      })
    } catch (error) {
      throw new ChainHaltedError(error)
    } finally {
      await this.indexes.close()
      await Promise.allSettled(this.reads)
      await this.scripts.close()
      await this.store.close()
      await this.storage.close()
    }
  }
}
