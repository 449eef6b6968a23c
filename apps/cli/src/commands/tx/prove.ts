import { Args, Flags } from '@oclif/core'
import { RPC_CODE, type RpcClient } from '@onehop/rpc'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure, UsageFailure } from '../../failure.ts'
import { NodeCommand } from '../../node-command.ts'
import { notFoundFor } from '../../not-found.ts'

const HASH = /^[0-9a-fA-F]{64}$/

export class TxProve extends NodeCommand {
  static override summary = 'Make a proof that a transaction is in a block, for those who have headers alone.'
  static override args = {
    TXID: Args.string({ description: 'Its id, 64 hex digits.', required: true }),
  }
  static override flags = {
    block: Flags.string({
      description: 'Hash of its block. Needed when all its outputs are spent.',
      helpValue: 'HASH',
    }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    '<%= config.bin %> <%= command.id %> 4a5e1e4b… --block 0f9188f1… > payment.proof',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TxProve)
    if (!HASH.test(args.TXID)) {
      throw new UsageFailure(`A transaction id has 64 hex digits; "${args.TXID}" is none.`)
    }
    if (flags.block !== undefined && !HASH.test(flags.block)) {
      throw new UsageFailure(`A block hash has 64 hex digits; "${flags.block}" is none.`)
    }
    const txid = args.TXID.toLowerCase()
    const result = await notFoundFor(
      [RPC_CODE.invalidAddressOrKey],
      `There is no transaction ${txid} in a block that this node knows; name the block with --block.`,
      this.prove(this.connect(flags), txid, flags.block),
    )
    this.show(result, flags, { text: () => result.proof, ids: () => [result.proof] })
  }

  /** What `gettxoutproof` gives for the coinbase and the payment, then both as they are. */
  private async prove(client: RpcClient, txid: string, block: string | undefined) {
    const call = { signal: this.signal }
    const blockhash = block?.toLowerCase() ?? (await this.blockOf(client, txid))
    const { tx } = await client.call<{ tx: string[] }>('getblock', [blockhash, 1], call)
    const coinbase = tx[0] ?? txid
    const wanted = [...new Set([coinbase, txid])]
    const parts = [
      await client.call<string>('gettxoutproof', [wanted, blockhash], call),
      await client.call<string>('getrawtransaction', [coinbase, false, blockhash], call),
      await client.call<string>('getrawtransaction', [txid, false, blockhash], call),
    ]
    return { txid, blockhash, proof: parts.join('') }
  }

  private async blockOf(client: RpcClient, txid: string): Promise<string> {
    const { blockhash } = await client.call<{ blockhash?: string }>('getrawtransaction', [txid, true], {
      signal: this.signal,
    })
    if (blockhash !== undefined) return blockhash
    throw new CommandFailure(EXIT.notFound, `The transaction ${txid} is not yet in a block.`)
  }
}
