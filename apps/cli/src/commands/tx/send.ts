import { Args } from '@oclif/core'
import { UsageFailure } from '../../failure.ts'
import { NodeCommand } from '../../node-command.ts'

export class TxSend extends NodeCommand {
  static override summary = 'Send a signed raw transaction to the network.'
  static override args = {
    HEX: Args.string({ description: 'The transaction in hex.', required: true }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> 0200000000010112ab…',
    '<%= config.bin %> <%= command.id %> "$(cat signed.hex)" --node 2 --json',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TxSend)
    const hex = args.HEX.trim()
    if (!/^([0-9a-fA-F]{2})+$/.test(hex)) throw new UsageFailure('HEX must be an even number of hex digits.')
    const txid = await this.connect(flags).call<string>('sendrawtransaction', [hex], { signal: this.signal })
    this.show({ txid }, flags, { text: () => txid, ids: () => [txid] })
  }
}
