import type { Chain } from '@onehop/chain'
import {
  type ChainParameters,
  formatBitcoin,
  type OutPoint,
  outPointKey,
  serializeTransaction,
} from '@onehop/ledger'
import { describeRejection } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import { type Payment, WalletKeys, WalletState } from '@onehop/wallet'
import { scriptOfAddress } from './address.ts'
import type { WalletFile } from './wallet-file.ts'
import { inMemoryWalletHistory, keptBlocks, type WalletHistoryFile } from './wallet-history.ts'

/** What is to be paid. */
export interface PaymentOrder {
  readonly address: string
  readonly amountSats: bigint
  /** Satoshis per virtual byte; the wallet's default when it is left out. */
  readonly feeRate?: number
  /** Coins to spend; the wallet's choice when they are left out. */
  readonly inputs?: readonly OutPoint[]
}

/** The node's one wallet, kept in step with the chain and the mempool. */
export class WalletService {
  readonly state: WalletState
  private readonly chain: Chain
  private readonly file: WalletFile
  private readonly historyFile: WalletHistoryFile
  private readonly parameters: ChainParameters
  private readonly stopListening: readonly (() => void)[]

  private constructor(chain: Chain, file: WalletFile, history: WalletHistoryFile, state: WalletState) {
    this.chain = chain
    this.file = file
    this.historyFile = history
    this.state = state
    this.parameters = chain.parameters
    this.stopListening = [
      chain.on('blockConnected', (block, node) => state.connectBlock(block, node.height)),
      chain.on('blockDisconnected', (block, node) => state.disconnectBlock(block, node.height)),
      chain.on('transaction', transaction => state.addMempoolTransaction(transaction, chain.nowSeconds())),
      chain.on('transactionRemoved', transaction => state.removeMempoolTransaction(transaction.txid)),
    ]
  }

  /** Opens the wallet and reads the chain from its start, so that it knows every coin. Call before the chain moves on. */
  static async open(
    chain: Chain,
    file: WalletFile,
    history: WalletHistoryFile = inMemoryWalletHistory(),
  ): Promise<WalletService> {
    const { mnemonic, handedOutAddresses } = file.read()
    const keys = WalletKeys.fromMnemonic(mnemonic, chain.parameters)
    const state = new WalletState({ keys, handedOutAddresses })
    const kept = new Map(history.read().map(({ height, block }) => [height, block]))
    for (let height = 1; height <= chain.tip.height; height++) {
      const node = chain.nodeAtHeight(height)
      const block = node && ((await chain.getBlock(node.hash)) ?? kept.get(height))
      if (block !== undefined) state.connectBlock(block, height)
      else if (!node || !chain.isPruned(node))
        throw new Error(`the block at height ${height} is missing from the store`)
    }
    return new WalletService(chain, file, history, state)
  }

  /** Keeps what the wallet could not read again when the blocks up to a height are deleted. */
  keepHistory(height: number): void {
    this.historyFile.write(keptBlocks(this.state, this.chain, height))
  }

  /** The address by which a node is known: the wallet's first. */
  get mainAddress(): string {
    return this.state.keys.address(0)
  }

  /** The script of {@link mainAddress}. */
  get mainScript(): Uint8Array {
    return this.state.keys.key(0).script()
  }

  /** An address that was not handed out before. It is remembered before anybody learns it. */
  newAddress(): string {
    const address = this.state.newAddress()
    const { mnemonic } = this.file.read()
    this.file.write({ mnemonic, handedOutAddresses: this.state.handedOutAddresses })
    return address
  }

  /** A signed payment that nobody has seen yet. @throws {RpcError} for a wrong address or amount, or too few coins. */
  sign({ address, amountSats, feeRate, inputs }: PaymentOrder): Payment {
    const script = scriptOfAddress(address, this.parameters)
    if (amountSats <= 0n)
      throw new RpcError(RPC_CODE.typeError, 'Invalid amount for send: it must be more than 0')
    const chosen = inputs && new Set(inputs.map(outPointKey))
    const payment = this.state.createPayment(
      { to: [{ script, value: amountSats }], ...(feeRate === undefined ? {} : { feeRate }) },
      outpoint => chosen === undefined || chosen.has(outPointKey(outpoint)),
    )
    if (payment.ok) return payment.value
    if (payment.code === 'insufficient-funds') throw this.insufficientFunds(amountSats)
    throw new RpcError(RPC_CODE.walletError, payment.detail ?? describeRejection(payment))
  }

  private insufficientFunds(amountSats: bigint): RpcError {
    const { confirmed, immature } = this.state.balance()
    const later = immature > 0n ? `; ${formatBitcoin(immature)} more mature later` : ''
    return new RpcError(
      RPC_CODE.insufficientFunds,
      `Insufficient funds: ${formatBitcoin(amountSats)} BTC and the fee are wanted, ` +
        `${formatBitcoin(confirmed)} can be spent${later}.`,
    )
  }

  /** Signs a payment and hands it to the mempool, from where it goes to the peers. @throws {RpcError} */
  async send(order: PaymentOrder): Promise<Payment> {
    const payment = this.sign(order)
    this.state.addMempoolTransaction(payment.transaction, this.chain.nowSeconds())
    const verdict = await this.chain.acceptTransaction(serializeTransaction(payment.transaction))
    if (!verdict.ok) {
      this.state.removeMempoolTransaction(payment.transaction.txid)
      throw new RpcError(RPC_CODE.verifyRejected, describeRejection(verdict))
    }
    return payment
  }

  close(): void {
    for (const stop of this.stopListening) stop()
  }
}
