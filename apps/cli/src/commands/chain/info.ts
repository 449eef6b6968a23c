import { fields } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

/** What is shown of bitcoind's `getblockchaininfo`. */
interface ChainInfo {
  readonly chain: string
  readonly blocks: number
  readonly headers: number
  readonly bestblockhash: string
  readonly difficulty: number
  readonly mediantime: number
  readonly chainwork: string
}

export class ChainInfoCommand extends NodeCommand {
  static override summary = 'Show the chain: height, tip, work.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 2 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainInfoCommand)
    const options = { signal: this.signal, exactNumbers: flags.json }
    const info = await this.connect(flags).call<ChainInfo>('getblockchaininfo', [], options)
    this.show(info, flags, { text: () => describe(info), ids: () => [info.bestblockhash] })
  }
}

function describe(info: ChainInfo): string {
  return fields({
    chain: info.chain,
    height: info.blocks,
    headers: info.headers,
    'best block': info.bestblockhash,
    difficulty: info.difficulty,
    'median time': new Date(info.mediantime * 1000).toISOString(),
    'chain work': info.chainwork,
  })
}
