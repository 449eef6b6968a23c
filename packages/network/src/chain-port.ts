import type { Result, Verdict } from '@onehop/primitives'

/** The tip of a chain, as it is announced to peers. */
export interface ChainTip {
  readonly height: number
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array
  /** Expected number of hashes that went into the chain. */
  readonly chainWork: bigint
}

/** How fetching a peer's headers goes on. */
export type HeaderProgress =
  /** None is kept up to the height, where there is one: the chain has not shown enough work yet. */
  | { readonly next: 'more'; readonly presyncedHeight?: number }
  | { readonly next: 'nothing' }
  /** There are enough until the validated chain has this work. */
  | { readonly next: 'later'; readonly atWork: bigint }

/** Takes in the headers of one peer, in order, as they are fetched. */
export interface HeaderIntakePort {
  /** Hashes after the first known of which the peer's next answer is to begin. */
  locator(): Uint8Array[]
  /** Takes in an answer. A refusal ends it. @param isFull more may follow. */
  take(headers: readonly Uint8Array[], isFull: boolean): Result<HeaderProgress>
}

/** A block of which some transactions are known here. */
export interface OpenedBlock {
  /** What to ask the sender for (BIP 152's `getblocktxn`); undefined where nothing is missing. */
  readonly request: Uint8Array | undefined
  /**
   * The whole block, once the answer (`blocktxn`) is here. Where nobody is to blame for a refusal, the block is to be
   * asked for whole: two transactions have one short id.
   */
  complete(answer?: Uint8Array): Result<Uint8Array>
}

/**
 * What the network asks of the ledger: bytes in, verdicts out. Hashes are 32 bytes in internal order, headers 80
 * bytes. The network never interprets either beyond hashing a header.
 */
export interface ChainPort {
  /** The tip of the validated chain. */
  tip(): ChainTip
  /** At most `limit` headers of the active chain that follow the first known hash of the locator. */
  headersAfter(locator: readonly Uint8Array[], limit: number): Uint8Array[]
  /** Adds a header that a peer announced. `source` is charged for it until its block comes. A known one is in order. */
  acceptHeader(header: Uint8Array, source: string): Verdict
  /** Begins to take in all headers of a peer. */
  openHeaders(source: string): HeaderIntakePort
  /**
   * Hashes on the path to the best header chain, or to the header named, whose blocks are missing, in the order they
   * connect. None when that path has no more work than the validated chain.
   */
  blocksToDownload(limit: number, towards?: Uint8Array): Uint8Array[]
  /** The block, where its validity is known: who passes on a bad one is blamed for it. */
  getBlock(hash: Uint8Array): Promise<Uint8Array | undefined>
  /** A block of valid transactions near the tip, as BIP 152's `cmpctblock`. */
  getCompactBlock(hash: Uint8Array): Promise<Uint8Array | undefined>
  /** What a `getblocktxn` asks for, as `blocktxn`; undefined where {@link getCompactBlock} would not show the block. */
  getBlockTransactions(request: Uint8Array): Promise<Result<Uint8Array | undefined>>
  /** Fills a `cmpctblock` with the transactions that are known here. */
  openCompactBlock(bytes: Uint8Array): Result<OpenedBlock>
  /** Stores and connects. A block that is there already is in order. */
  acceptBlock(bytes: Uint8Array): Promise<Verdict>
  getTransaction(wtxid: Uint8Array): Uint8Array | undefined
  /** The same by txid, the hash without witnesses, by which transactions name their parents. */
  getTransactionById(txid: Uint8Array): Uint8Array | undefined
  /** The txid of a transaction. */
  transactionId(bytes: Uint8Array): Result<Uint8Array>
  /** Whether it is in the mempool. */
  hasTransaction(wtxid: Uint8Array): boolean
  /** Whether it is in the mempool, waits for its parents, or was refused lately: it need not be fetched. */
  hasSeenTransaction(wtxid: Uint8Array): boolean
  /** Wtxids of the transactions that pay at least this, in satoshis per 1,000 virtual bytes. */
  mempoolIds(minFeeRate: bigint): Uint8Array[]
  /** What a transaction has to pay to be taken, in satoshis per 1,000 virtual bytes. */
  minFeeRate(): bigint
  /** Takes in what a peer sent. What lacks its parents waits for them, at the expense of the source. */
  acceptTransaction(bytes: Uint8Array, source: string): Promise<Verdict>
  /** Txids of the parents for which the transaction waits, and which are worth asking for; none when it does not wait. */
  missingParents(wtxid: Uint8Array): Uint8Array[]
  /** One more peer has a transaction that {@link hasSeenTransaction} knows. */
  addAnnouncer(wtxid: Uint8Array, source: string): void
  /** The peer is gone: what waits at its expense may go. */
  forgetSource(source: string): void
}
