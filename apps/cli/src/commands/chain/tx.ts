import { Args } from '@oclif/core'
import { RPC_CODE } from '@onehop/rpc'
import { UsageFailure } from '../../failure.ts'
import { count, fields } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'
import { notFoundFor } from '../../not-found.ts'

/** What is shown of bitcoind's `getrawtransaction`. */
interface DecodedTransaction {
  readonly txid: string
  readonly size: number
  readonly vsize: number
  readonly confirmations?: number
  readonly blockhash?: string
  readonly vin: readonly { readonly txid?: string; readonly vout?: number; readonly coinbase?: string }[]
  readonly vout: readonly {
    readonly value: number
    readonly n: number
    readonly scriptPubKey: { readonly address?: string; readonly type?: string }
  }[]
}

export class ChainTx extends NodeCommand {
  static override summary = 'Show a transaction: in the mempool, in a block, or of the wallet.'
  static override args = {
    TXID: Args.string({ description: 'Its id, 64 hex digits.', required: true }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    '<%= config.bin %> <%= command.id %> 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b --json',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ChainTx)
    if (!/^[0-9a-fA-F]{64}$/.test(args.TXID)) {
      throw new UsageFailure(`A transaction id has 64 hex digits; "${args.TXID}" is none.`)
    }
    const options = { signal: this.signal, exactNumbers: flags.json }
    const transaction = await notFoundFor(
      [RPC_CODE.invalidAddressOrKey],
      `There is no transaction ${args.TXID} that this node knows.`,
      this.connect(flags).call<DecodedTransaction>('getrawtransaction', [args.TXID, true], options),
    )
    this.show(transaction, flags, { text: () => describe(transaction), ids: () => [transaction.txid] })
  }
}

function describe(transaction: DecodedTransaction): string {
  const { confirmations = 0, blockhash } = transaction
  return [
    fields({
      transaction: transaction.txid,
      state: confirmations === 0 ? 'in the mempool' : count(confirmations, 'confirmation'),
      block: blockhash,
      size: `${transaction.size} bytes, ${transaction.vsize} virtual`,
    }),
    '',
    ...transaction.vin.map(input =>
      input.coinbase === undefined ? `spends  ${input.txid}:${input.vout}` : 'spends  new coins (coinbase)',
    ),
    ...transaction.vout.map(
      ({ n, value, scriptPubKey }) =>
        `pays    ${n}: ${value} BTC to ${scriptPubKey.address ?? scriptPubKey.type ?? 'a script'}`,
    ),
  ].join('\n')
}
