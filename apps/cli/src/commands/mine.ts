import { Args, Flags } from '@oclif/core'
import type { RpcClient } from '@onehop/rpc'
import { wholeNumber } from '../arguments.ts'
import { count } from '../format.ts'
import { NodeCommand } from '../node-command.ts'
import { ProgressLine } from '../progress.ts'

/** Blocks asked for in one call: few enough that progress shows. */
const BLOCKS_A_CALL = 50

const MAX_BLOCKS = 100_000

export class Mine extends NodeCommand {
  static override summary = 'Mine blocks now, with whatever waits in the mempool.'
  static override args = {
    COUNT: Args.custom<number>({
      description: 'How many blocks.',
      parse: wholeNumber('COUNT', { min: 1, max: MAX_BLOCKS }),
    })({ default: 1 }),
  }
  static override flags = {
    to: Flags.string({
      description: "Address that the reward goes to. Default: the node's own.",
      helpValue: 'ADDRESS',
    }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 5 --node 2',
    '<%= config.bin %> <%= command.id %> 101 --to bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Mine)
    const client = this.connect(flags)
    const address = flags.to ?? (await client.call('wallet.address', [], { signal: this.signal }))
    const blocks = await this.mine(client, args.COUNT, address)
    const height = await client.call<number>('getblockcount', [], { signal: this.signal })
    const result = { blocks, height, address }
    this.show(result, flags, {
      text: () =>
        `Mined ${count(blocks.length, 'block')} to ${address}; height ${height}, tip ${blocks.at(-1)}`,
      ids: () => blocks,
    })
  }

  private async mine(client: RpcClient, total: number, address: string): Promise<string[]> {
    const progress = new ProgressLine()
    const blocks: string[] = []
    while (blocks.length < total) {
      if (total > BLOCKS_A_CALL) progress.bar('mining', blocks.length, total, `${blocks.length} blocks`)
      const next = Math.min(BLOCKS_A_CALL, total - blocks.length)
      const options = { signal: this.signal, timeoutMs: 0 }
      blocks.push(...(await client.call<string[]>('generatetoaddress', [next, address], options)))
    }
    progress.clear()
    return blocks
  }
}
