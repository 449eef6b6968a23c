import {
  addressToScript,
  hexToTxId,
  type OutPoint,
  scriptType,
  serializeTransaction,
  txIdToHex,
  witnessProgramOf,
} from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { GAP_LIMIT, type HistoryEntry } from '@onehop/wallet'
import { addressProblem } from '../address.ts'
import type { MethodContext } from './method-context.ts'
import {
  balancesOf,
  detailsJson,
  isListed,
  netAmountJson,
  transactionSummaryJson,
  unspentJson,
} from './wallet-json.ts'

/** What Bitcoin Core calls the format of its wallets since descriptors: clients ask for no more. */
const WALLET_VERSION = 169_900

const ADDRESS = { type: 'string', description: 'address of this chain' } as const
const FEE_RATE = { type: 'number', optional: true, min: 0, description: 'satoshis per virtual byte' } as const
const AMOUNT_SATS = { type: 'integer', min: 1, description: 'satoshis' } as const

function parseInputs(inputs: readonly unknown[] | undefined): OutPoint[] | undefined {
  return inputs?.map(input => {
    const { txid, vout } = (input ?? {}) as { txid?: unknown; vout?: unknown }
    if (
      typeof txid !== 'string' ||
      !/^[0-9a-f]{64}$/i.test(txid) ||
      !Number.isSafeInteger(vout) ||
      Number(vout) < 0
    ) {
      throw new RpcError(
        RPC_CODE.invalidParameter,
        'Each input must be {"txid": 64 hex digits, "vout": number}.',
      )
    }
    return { txid: hexToTxId(txid), index: Number(vout) }
  })
}

function validatedJson({ parameters }: MethodContext, address: string) {
  const script = addressToScript(address, parameters)
  if (!script.ok) {
    return { isvalid: false, error_locations: [], error: addressProblem(address, parameters) }
  }
  const witness = witnessProgramOf(script.value)
  return {
    isvalid: true,
    address,
    scriptPubKey: bytesToHex(script.value),
    isscript: ['scripthash', 'witness_v0_scripthash'].includes(scriptType(script.value)),
    iswitness: witness !== undefined,
    ...(witness === undefined
      ? {}
      : { witness_version: witness.version, witness_program: bytesToHex(witness.program) }),
  }
}

/** As `getwalletinfo` shows the one wallet that a node has. */
function walletInfoJson({ wallet }: MethodContext) {
  return {
    walletname: '',
    walletversion: WALLET_VERSION,
    format: 'onehop',
    txcount: wallet.state.history().length,
    keypoolsize: GAP_LIMIT,
    private_keys_enabled: true,
    avoid_reuse: false,
    scanning: false,
    descriptors: true,
  }
}

/** As `listtransactions` shows one payment of a transaction. */
function listedJson(context: MethodContext, entry: HistoryEntry, detail: object) {
  return { ...detail, ...transactionSummaryJson(context, entry) }
}

/** bitcoind's wallet calls. */
function bitcoindMethods(context: MethodContext): RpcMethod[] {
  const { wallet } = context
  return [
    defineMethod({
      name: 'getnewaddress',
      category: 'Wallet',
      summary: 'A receiving address that was not handed out before.',
      params: { label: { type: 'string', optional: true }, address_type: { type: 'string', optional: true } },
      handler: ({ address_type }) => {
        if (address_type !== undefined && address_type !== 'bech32') {
          throw new RpcError(
            RPC_CODE.invalidAddressOrKey,
            `Unknown address type '${address_type}': bech32 is the only one`,
          )
        }
        return wallet.newAddress()
      },
    }),
    defineMethod({
      name: 'getbalance',
      category: 'Wallet',
      summary: 'Coins that can be spent: confirmed ones, and change of own payments.',
      params: {
        dummy: { type: 'string', optional: true },
        minconf: { type: 'integer', optional: true },
        include_watchonly: { type: 'boolean', optional: true },
        avoid_reuse: { type: 'boolean', optional: true },
      },
      handler: () => new BitcoinAmount(balancesOf(context).trusted),
    }),
    defineMethod({
      name: 'getbalances',
      category: 'Wallet',
      summary: 'Coins that can be spent, unconfirmed ones and immature ones.',
      handler: () => {
        const { trusted, pending, immature } = balancesOf(context)
        return {
          mine: {
            trusted: new BitcoinAmount(trusted),
            untrusted_pending: new BitcoinAmount(pending),
            immature: new BitcoinAmount(immature),
          },
        }
      },
    }),
    defineMethod({
      name: 'listwallets',
      category: 'Wallet',
      summary: 'Names of the wallets: a node has one, without a name.',
      handler: () => [''],
    }),
    defineMethod({
      name: 'getwalletinfo',
      category: 'Wallet',
      summary: 'What the wallet is.',
      handler: () => walletInfoJson(context),
    }),
    defineMethod({
      name: 'listunspent',
      category: 'Wallet',
      summary: 'Coins of the wallet that nothing spends yet.',
      params: { minconf: { type: 'integer', default: 1 }, maxconf: { type: 'integer', default: 9_999_999 } },
      handler: ({ minconf, maxconf }) =>
        wallet.state
          .listUnspent()
          .filter(coin => isListed(coin) && coin.confirmations >= minconf && coin.confirmations <= maxconf)
          .map(unspentJson),
    }),
    defineMethod({
      name: 'sendtoaddress',
      category: 'Wallet',
      summary: 'Pays an address.',
      params: {
        address: ADDRESS,
        amount: { type: 'amount' },
        comment: { type: 'string', optional: true },
        comment_to: { type: 'string', optional: true },
        subtractfeefromamount: { type: 'boolean', optional: true },
        replaceable: { type: 'boolean', optional: true },
        conf_target: { type: 'integer', optional: true },
        estimate_mode: { type: 'string', optional: true },
        avoid_reuse: { type: 'boolean', optional: true },
        fee_rate: FEE_RATE,
      },
      handler: async ({ address, amount, fee_rate, subtractfeefromamount }) => {
        if (subtractfeefromamount) {
          throw new RpcError(
            RPC_CODE.invalidParameter,
            'subtractfeefromamount is not supported; lower the amount instead',
          )
        }
        const order = {
          address,
          amountSats: amount,
          ...(fee_rate === undefined ? {} : { feeRate: fee_rate }),
        }
        return txIdToHex((await wallet.send(order)).transaction.txid)
      },
    }),
    defineMethod({
      name: 'gettransaction',
      category: 'Wallet',
      summary: 'A transaction of the wallet.',
      params: { txid: { type: 'hex', lengthBytes: 32 } },
      handler: ({ txid }) => {
        const entry = wallet.state.transaction(hexToTxId(txid))
        if (entry === undefined)
          throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Invalid or non-wallet transaction id')
        return {
          ...netAmountJson(entry),
          ...transactionSummaryJson(context, entry),
          details: detailsJson(context, entry),
          hex: bytesToHex(serializeTransaction(entry.transaction)),
        }
      },
    }),
    defineMethod({
      name: 'listtransactions',
      category: 'Wallet',
      summary: 'The latest transactions of the wallet, the newest last.',
      params: {
        label: { type: 'string', optional: true },
        count: { type: 'integer', default: 10, min: 0 },
        skip: { type: 'integer', default: 0, min: 0 },
        include_watchonly: { type: 'boolean', optional: true },
      },
      handler: ({ count, skip }) => {
        const all = wallet.state
          .history()
          .flatMap(entry => detailsJson(context, entry).map(detail => listedJson(context, entry, detail)))
        const end = Math.max(0, all.length - skip)
        return all.slice(Math.max(0, end - count), end)
      },
    }),
    defineMethod({
      name: 'validateaddress',
      category: 'Util',
      summary: 'Whether a text is an address of this chain.',
      params: { address: { type: 'string' } },
      handler: ({ address }) => validatedJson(context, address),
    }),
  ]
}

/** Our own wallet calls: satoshis as integers. */
function onehopMethods({ wallet }: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'wallet.address',
      category: 'Wallet',
      summary: "The wallet's main address, which stays the same.",
      handler: () => wallet.mainAddress,
    }),
    defineMethod({
      name: 'wallet.balance',
      category: 'Wallet',
      summary: 'Satoshis that can be spent, that are unconfirmed and that are immature.',
      handler: () => {
        const { confirmed, unconfirmed, immature } = wallet.state.balance()
        return { confirmedSats: confirmed, unconfirmedSats: unconfirmed, immatureSats: immature }
      },
    }),
    defineMethod({
      name: 'wallet.send',
      category: 'Wallet',
      summary: 'Pays an address.',
      params: { address: ADDRESS, amountSats: AMOUNT_SATS, feeRate: FEE_RATE },
      handler: async ({ address, amountSats, feeRate }) => {
        const rate = feeRate === undefined ? {} : { feeRate }
        const { transaction, feeSats } = await wallet.send({
          address,
          amountSats: BigInt(amountSats),
          ...rate,
        })
        return { txid: txIdToHex(transaction.txid), feeSats }
      },
    }),
    defineMethod({
      name: 'wallet.signPayment',
      category: 'Wallet',
      summary: 'Signs a payment and shows it to nobody else.',
      params: {
        address: ADDRESS,
        amountSats: AMOUNT_SATS,
        feeRate: FEE_RATE,
        inputs: { type: 'array', optional: true, description: 'coins to spend: [{"txid": …, "vout": …}]' },
      },
      handler: ({ address, amountSats, feeRate, inputs }) => {
        const chosen = parseInputs(inputs)
        const { transaction } = wallet.sign({
          address,
          amountSats: BigInt(amountSats),
          ...(feeRate === undefined ? {} : { feeRate }),
          ...(chosen === undefined ? {} : { inputs: chosen }),
        })
        return { hex: bytesToHex(serializeTransaction(transaction)), txid: txIdToHex(transaction.txid) }
      },
    }),
  ]
}

/** Keys, coins and payments. */
export function walletMethods(context: MethodContext): RpcMethod[] {
  return [...bitcoindMethods(context), ...onehopMethods(context)]
}
