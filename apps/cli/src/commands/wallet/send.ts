import { Args, Flags } from '@oclif/core'
import { decimal, parseBitcoins } from '../../arguments.ts'
import { bitcoins } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

const MAX_FEE_RATE = 10_000

export class WalletSend extends NodeCommand {
  static override summary = "Pay bitcoins from the node's wallet to an address."
  static override args = {
    ADDRESS: Args.string({ description: 'Who gets them.', required: true }),
    AMOUNT: Args.string({ description: 'Bitcoins, with up to 8 decimals.', required: true }),
  }
  static override flags = {
    'fee-rate': Flags.custom<number>({
      description: 'Satoshis for each virtual byte.',
      helpValue: 'SAT/VB',
      parse: decimal('--fee-rate', { min: 0, max: MAX_FEE_RATE }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3 1.5',
    '<%= config.bin %> <%= command.id %> bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3 0.001 --fee-rate 5 --node 2',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WalletSend)
    const sats = parseBitcoins(args.AMOUNT)
    const feeRate = flags['fee-rate']
    const sent = await this.connect(flags).call(
      'wallet.send',
      { address: args.ADDRESS, amountSats: Number(sats), ...(feeRate === undefined ? {} : { feeRate }) },
      { signal: this.signal },
    )
    this.show(sent, flags, {
      text: () => `Sent ${bitcoins(sats)} to ${args.ADDRESS}, fee ${bitcoins(sent.feeSats)}\n${sent.txid}`,
      ids: () => [sent.txid],
    })
  }
}
