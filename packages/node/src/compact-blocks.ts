import type { Chain } from '@onehop/chain'
import {
  type Block,
  type BlockHash,
  completeBlock,
  createCompactBlock,
  matchCompactBlock,
  parseBlockTransactions,
  parseBlockTransactionsRequest,
  parseCompactBlock,
  parseTransaction,
  serializeBlock,
  serializeBlockTransactions,
  serializeBlockTransactionsRequest,
  serializeCompactBlock,
  serializeTransaction,
  type Transaction,
} from '@onehop/ledger'
import type { OpenedBlock } from '@onehop/network'
import { attemptDecode, BoundedMap, bytesKey, invalid, type Result, refused } from '@onehop/primitives'
import {
  MAX_BLOCK_TRANSACTIONS_DEPTH,
  MAX_COMPACT_BLOCK_DEPTH,
  MAX_EXTRA_TRANSACTION_BYTES,
  MAX_EXTRA_TRANSACTIONS,
} from './limits.ts'

/** Makes and opens compact blocks (BIP 152) with what a chain and its mempool know. */
export class CompactBlocks {
  private readonly chain: Chain
  private readonly randomNonce: () => bigint
  /** Made for peers, by hash. */
  private readonly made = new BoundedMap<string, Uint8Array>(MAX_COMPACT_BLOCK_DEPTH + 1)
  /** Transactions that are not in the mempool (any more), and may be in a block all the same. */
  private readonly extra = new BoundedMap<string, Transaction>(MAX_EXTRA_TRANSACTIONS)
  /** The block connected last, which peers are going to ask about. */
  private latest: Block | undefined

  /** @param randomNonce 64 random bits. */
  constructor(chain: Chain, randomNonce: () => bigint) {
    this.chain = chain
    this.randomNonce = randomNonce
    chain.on('blockConnected', block => {
      this.latest = block
    })
    chain.on('transactionRemoved', transaction => this.remember(transaction))
  }

  /** A block may have this, although the mempool has not. */
  remember(transaction: Transaction): void {
    if (transaction.totalSize > MAX_EXTRA_TRANSACTION_BYTES) return
    // A copy: the transaction may be a view of a block, which it would keep in memory.
    const copy = parseTransaction(serializeTransaction(transaction).slice())
    this.extra.set(bytesKey(transaction.wtxid), copy)
  }

  /** `cmpctblock` of a block near the tip of the active chain. */
  async make(hash: BlockHash): Promise<Uint8Array | undefined> {
    if (!this.isWithin(hash, MAX_COMPACT_BLOCK_DEPTH)) return undefined
    const key = bytesKey(hash)
    const known = this.made.get(key)
    if (known !== undefined) return known
    const block = await this.find(hash)
    const bytes = block && serializeCompactBlock(createCompactBlock(block, this.randomNonce()))
    if (bytes !== undefined) this.made.set(key, bytes)
    return bytes
  }

  /** The `blocktxn` to a `getblocktxn` about a block near the tip of the active chain. */
  async answer(bytes: Uint8Array): Promise<Result<Uint8Array | undefined>> {
    const request = attemptDecode('getblocktxn-decode-failed', () => parseBlockTransactionsRequest(bytes))
    if (!request.ok) return request
    const { block: hash, indexes } = request.value
    const isNear = this.isWithin(hash, MAX_BLOCK_TRANSACTIONS_DEPTH)
    const block = isNear ? await this.find(hash) : undefined
    if (block === undefined) return { ok: true, value: undefined }
    const transactions = indexes.flatMap(index => block.transactions[index] ?? [])
    if (transactions.length < indexes.length) return invalid('getblocktxn with out-of-bounds tx indices')
    return { ok: true, value: serializeBlockTransactions({ block: hash, transactions }) }
  }

  /** Fills a `cmpctblock` with what is known here. */
  open(bytes: Uint8Array): Result<OpenedBlock> {
    const compact = attemptDecode('invalid compact block', () => parseCompactBlock(bytes))
    if (!compact.ok) return compact
    const { header } = compact.value
    const parent = this.chain.headerTree.get(header.previousBlock)
    if (parent === undefined) return refused('prev-blk-not-found')
    const matched = matchCompactBlock(compact.value, this.known())
    if (!matched.ok) return matched
    const { missing } = matched.value
    const complete = (answer?: Uint8Array): Result<Uint8Array> => {
      const fetched = parseAnswer(answer)
      if (!fetched.ok) return fetched
      const block = completeBlock(matched.value, fetched.value, parent.height + 1, this.chain.parameters)
      return block.ok ? { ok: true, value: serializeBlock(block.value) } : block
    }
    const request =
      missing.length === 0
        ? undefined
        : serializeBlockTransactionsRequest({ block: header.hash, indexes: missing })
    return { ok: true, value: { request, complete } }
  }

  private *known(): Iterable<Transaction> {
    for (const { transaction } of this.chain.mempool.entries()) yield transaction
    yield* this.extra.values()
    for (const { transaction } of this.chain.transactions.orphans()) yield transaction
  }

  private isWithin(hash: BlockHash, depth: number): boolean {
    const { chain } = this
    const node = chain.headerTree.get(hash)
    return node !== undefined && chain.isActive(node) && node.height >= chain.tip.height - depth
  }

  private async find(hash: BlockHash): Promise<Block | undefined> {
    const { latest } = this
    return latest !== undefined && bytesKey(latest.hash) === bytesKey(hash)
      ? latest
      : this.chain.getBlock(hash)
  }
}

function parseAnswer(answer: Uint8Array | undefined): Result<readonly Transaction[]> {
  if (answer === undefined) return { ok: true, value: [] }
  const parsed = attemptDecode('blocktxn-decode-failed', () => parseBlockTransactions(answer))
  return parsed.ok ? { ok: true, value: parsed.value.transactions } : parsed
}
