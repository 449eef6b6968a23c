import { duration, table } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

/** What is shown of a peer; the node may tell more. */
interface Peer {
  readonly peerId: string
  readonly address: string
  readonly direction: string
  readonly overlay?: string
  readonly height?: number
  readonly latencyMs?: number
}

export class Peers extends NodeCommand {
  static override summary = 'List the peers that the node is connected to.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 2 --json',
    '<%= config.bin %> peers connect /ip4/127.0.0.1/tcp/40001/p2p/12D3KooW…',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Peers)
    const peers = await this.connect(flags).call<Peer[]>('peers.list', [], { signal: this.signal })
    const rows = peers.map(({ peerId, direction, overlay, height, latencyMs, address }) => [
      peerId,
      direction,
      overlay ?? '',
      height === undefined ? '' : String(height),
      latencyMs === undefined ? '' : duration(latencyMs),
      address.replace(`/p2p/${peerId}`, ''),
    ])
    this.show(peers, flags, {
      text: () =>
        rows.length === 0
          ? 'No peers; connect one with "onehop peers connect ADDR".'
          : table(['peer id', 'direction', 'overlay', 'height', 'latency', 'address'], rows),
      ids: () => peers.map(({ peerId }) => peerId),
    })
  }
}
