import { Args } from '@oclif/core'
import { RPC_CODE, type RpcClient } from '@onehop/rpc'
import { UsageFailure } from '../../failure.ts'
import { count, fields } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'
import { notFoundFor } from '../../not-found.ts'

/** What is shown of bitcoind's `getblock`. */
interface Block {
  readonly hash: string
  readonly confirmations: number
  readonly height: number
  readonly time: number
  readonly size: number
  readonly weight: number
  readonly previousblockhash?: string
  readonly tx: readonly string[]
}

const MAX_SHOWN_TRANSACTIONS = 20

export class ChainBlock extends NodeCommand {
  static override summary = 'Show a block.'
  static override args = {
    HASH_OR_HEIGHT: Args.string({
      description: 'Its hash, or its height in the active chain.',
      required: true,
    }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> 108',
    '<%= config.bin %> <%= command.id %> 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206 --json',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ChainBlock)
    const reference = parseReference(args.HASH_OR_HEIGHT)
    const client = this.connect(flags)
    const hash = typeof reference === 'string' ? reference : await this.hashAt(client, reference)
    const options = { signal: this.signal, exactNumbers: flags.json }
    const block = await notFoundFor(
      [RPC_CODE.invalidAddressOrKey],
      `There is no block ${hash}.`,
      client.call<Block>('getblock', [hash, 1], options),
    )
    this.show(block, flags, { text: () => describe(block), ids: () => [block.hash] })
  }

  private hashAt(client: RpcClient, height: number): Promise<string> {
    return notFoundFor(
      [RPC_CODE.invalidParameter],
      `There is no block at height ${height}.`,
      client.call<string>('getblockhash', [height], { signal: this.signal }),
    )
  }
}

/** A hash, or a height. */
function parseReference(text: string): string | number {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase()
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageFailure(`A block is named by its height or by a hash of 64 hex digits, not "${text}".`)
}

function describe(block: Block): string {
  const shown = block.tx.slice(0, MAX_SHOWN_TRANSACTIONS)
  const more = block.tx.length - shown.length
  return [
    fields({
      block: block.hash,
      height: block.height,
      confirmations: block.confirmations,
      time: new Date(block.time * 1000).toISOString(),
      size: `${block.size} bytes, weight ${block.weight}`,
      previous: block.previousblockhash,
    }),
    '',
    `${count(block.tx.length, 'transaction')}:`,
    ...shown,
    ...(more > 0 ? [`… and ${more} more`] : []),
  ].join('\n')
}
