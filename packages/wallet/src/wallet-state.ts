import {
  type Block,
  type ChainParameters,
  COINBASE_MATURITY,
  MAX_MEMPOOL_CHAIN_TRANSACTIONS,
  type OutPoint,
  scriptToAddress,
  type Transaction,
  type TxId,
} from '@onehop/ledger'
import type { Result } from '@onehop/primitives'
import { AddressBook, type OwnScript } from './address-book.ts'
import type { WalletKeys } from './keys.ts'
import { buildPayment, type Payment, type PaymentRequest } from './payment.ts'
import { type LoggedTransaction, TransactionLog, type WalletCoin } from './transaction-log.ts'

/** Satoshis in coins that no known transaction spends. */
export interface Balance {
  /** In blocks, and spendable. */
  readonly confirmed: bigint
  /** In transactions that are in no block: change of our own payments, and payments to us. */
  readonly unconfirmed: bigint
  /** Block rewards that cannot be spent yet. */
  readonly immature: bigint
}

/** A coin as `listunspent` tells of it. */
export interface UnspentCoin extends Pick<WalletCoin, 'outpoint' | 'output' | 'key' | 'kind'> {
  readonly address: string | undefined
  /** Height of its block; undefined while unconfirmed. */
  readonly height: number | undefined
  /** Blocks that confirm it, its own among them. */
  readonly confirmations: number
  readonly coinbase: boolean
  /** A payment may use it now. */
  readonly spendable: boolean
}

/** A transaction as the wallet's owner sees it. */
export interface HistoryEntry {
  readonly txid: TxId
  readonly transaction: Transaction
  readonly height: number | undefined
  readonly confirmations: number
  /** Satoshis that it added to the wallet, negative when it took some (the fee among them). */
  readonly amountSats: bigint
  /** Satoshis; known when all inputs are ours. */
  readonly feeSats: bigint | undefined
  /** Unix time in seconds when it was first seen, or of the block where it was. */
  readonly timeSeconds: number
  readonly coinbase: boolean
}

/** What a wallet starts from. */
export interface WalletStateOptions {
  readonly keys: WalletKeys
  /** Height of the chain's tip that {@link WalletState.connectBlock} goes on from. @default 0 */
  readonly height?: number
  /** Receiving addresses handed out before a restart ({@link WalletState.handedOutAddresses}). @default 0 */
  readonly handedOutAddresses?: number
}

function sumOf(coins: readonly WalletCoin[]): bigint {
  return coins.reduce((sum, coin) => sum + coin.output.value, 0n)
}

/**
 * A wallet that follows the chain: it is told of every block and mempool transaction, in order, and knows its
 * coins. Holds no clock, no randomness and no connection.
 */
export class WalletState {
  readonly keys: WalletKeys
  private readonly parameters: ChainParameters
  private readonly book: AddressBook
  private readonly log: TransactionLog
  private tipHeight: number

  constructor({ keys, height = 0, handedOutAddresses = 0 }: WalletStateOptions) {
    this.keys = keys
    this.parameters = keys.parameters
    this.book = new AddressBook(keys, handedOutAddresses)
    this.log = new TransactionLog(this.book)
    this.tipHeight = height
  }

  /** Height of the tip as the wallet knows it. */
  get height(): number {
    return this.tipHeight
  }

  /** To be kept over a restart, so that addresses which nobody has paid yet stay watched. */
  get handedOutAddresses(): number {
    return this.book.handedOut
  }

  connectBlock(block: Block, height: number): void {
    this.tipHeight = height
    this.log.connectBlock(block, height)
  }

  disconnectBlock(block: Block, height: number): void {
    this.log.disconnectBlock(block)
    this.tipHeight = height - 1
  }

  /** A transaction came into the mempool, or is about to be sent. Its inputs count as spent from here on. */
  addMempoolTransaction(transaction: Transaction, timeSeconds: number): void {
    this.log.addUnconfirmed(transaction, timeSeconds)
  }

  /** A transaction left the mempool without a block, or could not be sent. Its inputs can be spent again. */
  removeMempoolTransaction(txid: TxId): void {
    this.log.removeUnconfirmed(txid)
  }

  /** The first receiving address that nobody has paid and that was not handed out by {@link newAddress}. */
  address(): string {
    return this.keys.address(this.book.unusedKey(false).path.index)
  }

  /** A receiving address that no other call returns. */
  newAddress(): string {
    return this.keys.address(this.book.takeKey(false).path.index)
  }

  /** The key that the script pays, when it is one of ours. */
  ownerOf(script: Uint8Array): OwnScript | undefined {
    return this.book.find(script)
  }

  balance(): Balance {
    let confirmed = 0n
    let unconfirmed = 0n
    let immature = 0n
    for (const coin of this.log.unspent()) {
      if (coin.origin.height === undefined) unconfirmed += coin.output.value
      else if (this.isMature(coin.origin)) confirmed += coin.output.value
      else immature += coin.output.value
    }
    return { confirmed, unconfirmed, immature }
  }

  /** Unspent coins, in the order of their transactions' appearance. */
  listUnspent(): UnspentCoin[] {
    return Array.from(this.log.unspent(), coin => this.describe(coin))
  }

  /** All transactions of the wallet, in the order in which they were first seen. */
  history(): HistoryEntry[] {
    return Array.from(this.log.all(), logged => this.summarize(logged))
  }

  /** One transaction of the wallet. */
  transaction(txid: TxId): HistoryEntry | undefined {
    const logged = this.log.get(txid)
    return logged && this.summarize(logged)
  }

  /**
   * A signed payment from confirmed coins or, where these do not suffice, the change of own unconfirmed payments.
   * The wallet's state stays as it is: give the transaction to {@link addMempoolTransaction} before anything
   * else is paid, or the next payment chooses the same coins.
   * @param mayUse leaves out coins that the payment must not spend.
   */
  createPayment(
    request: PaymentRequest,
    mayUse: (outpoint: OutPoint) => boolean = () => true,
  ): Result<Payment> {
    const coins = Array.from(this.log.unspent())
      .filter(coin => this.isSpendable(coin) && mayUse(coin.outpoint))
      .map(coin => ({ ...coin, confirmed: coin.origin.height !== undefined }))
    return buildPayment(coins, this.book.unusedKey(true), request)
  }

  private confirmationsOf({ height }: LoggedTransaction): number {
    return height === undefined ? 0 : this.tipHeight - height + 1
  }

  /** One block later than consensus asks, as Bitcoin Core's wallet: a shallow reorganisation leaves it spendable. */
  private isMature(origin: LoggedTransaction): boolean {
    return !origin.coinbase || this.confirmationsOf(origin) > COINBASE_MATURITY
  }

  private isSpendable(coin: WalletCoin): boolean {
    if (coin.spender !== undefined) return false
    return coin.origin.height === undefined ? this.isOwnUnconfirmed(coin.origin) : this.isMature(coin.origin)
  }

  /**
   * Whether all inputs are ours and themselves confirmed or such, so that nobody else can take it back; and there
   * is room for one more in the chain of unconfirmed transactions that others relay.
   */
  private isOwnUnconfirmed(origin: LoggedTransaction): boolean {
    const ancestors = new Set([origin])
    for (const { transaction, spends } of ancestors) {
      if (spends.length < transaction.inputs.length || ancestors.size >= MAX_MEMPOOL_CHAIN_TRANSACTIONS)
        return false
      for (const coin of spends) if (coin.origin.height === undefined) ancestors.add(coin.origin)
    }
    return true
  }

  private describe(coin: WalletCoin): UnspentCoin {
    const { outpoint, output, key, kind, origin } = coin
    return {
      outpoint,
      output,
      key,
      kind,
      address: scriptToAddress(output.scriptPubKey, this.parameters),
      height: origin.height,
      confirmations: this.confirmationsOf(origin),
      coinbase: origin.coinbase,
      spendable: this.isSpendable(coin),
    }
  }

  private summarize(logged: LoggedTransaction): HistoryEntry {
    const { transaction, height, timeSeconds, coinbase, spends, pays } = logged
    const spent = sumOf(spends)
    const allOurs = spends.length > 0 && spends.length === transaction.inputs.length
    const paidOut = transaction.outputs.reduce((sum, output) => sum + output.value, 0n)
    return {
      txid: transaction.txid,
      transaction,
      height,
      confirmations: this.confirmationsOf(logged),
      amountSats: sumOf(pays) - spent,
      feeSats: allOurs ? spent - paidOut : undefined,
      timeSeconds,
      coinbase,
    }
  }
}
