import { bitcoins, fields } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

export class WalletBalanceCommand extends NodeCommand {
  static override summary = "Show what the node's wallet holds."
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 5 --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(WalletBalanceCommand)
    const balance = await this.connect(flags).call('wallet.balance', [], { signal: this.signal })
    this.show(balance, flags, {
      text: () =>
        fields({
          confirmed: bitcoins(balance.confirmedSats),
          unconfirmed: bitcoins(balance.unconfirmedSats),
          immature: bitcoins(balance.immatureSats),
        }),
      ids: () => [String(balance.confirmedSats)],
    })
  }
}
