import { NodeCommand } from '../../node-command.ts'

export class WalletAddress extends NodeCommand {
  static override summary = "Show an address that pays to the node's wallet."
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 5 -q',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(WalletAddress)
    const address = await this.connect(flags).call('wallet.address', [], { signal: this.signal })
    this.show({ address }, flags, { text: () => address, ids: () => [address] })
  }
}
