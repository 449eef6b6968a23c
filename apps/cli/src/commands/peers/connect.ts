import { Args } from '@oclif/core'
import { UsageFailure } from '../../failure.ts'
import { NodeCommand } from '../../node-command.ts'

export class PeersConnect extends NodeCommand {
  static override summary = 'Connect the node to another.'
  static override args = {
    ADDR: Args.string({ description: 'Its multiaddr, as its `onehop status` shows it.', required: true }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> /ip4/127.0.0.1/tcp/40001/p2p/12D3KooW…',
    '<%= config.bin %> <%= command.id %> --datadir /tmp/other /ip4/127.0.0.1/tcp/40001/p2p/12D3KooW…',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PeersConnect)
    const address = args.ADDR
    if (!address.startsWith('/')) {
      throw new UsageFailure(`ADDR must be a multiaddr such as /ip4/127.0.0.1/tcp/40001, not "${address}".`)
    }
    await this.connect(flags).call('peers.connect', { address }, { signal: this.signal })
    this.show({ connected: address }, flags, { text: () => `Connected to ${address}`, ids: () => [address] })
  }
}
