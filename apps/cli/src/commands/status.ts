import type { NodeStatus } from '@onehop/rpc'
import { bitcoins, count, duration, fields } from '../format.ts'
import { NodeCommand } from '../node-command.ts'

export class Status extends NodeCommand {
  static override summary = 'Show how a node is doing: chain, peers, overlay, wallet.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node 3',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Status)
    const status = await this.connect(flags).call('node.status', [], { signal: this.signal })
    this.show(status, flags, { text: () => describe(status), ids: () => [status.peerId] })
  }
}

function describe(status: NodeStatus): string {
  const { overlay, mining } = status
  return fields({
    node: `${status.name ?? 'unnamed'} (pid ${status.pid}, onehop ${status.version})`,
    network: status.network,
    height: `${status.height}${status.syncing ? ` of ${status.headers}, syncing` : ''}`,
    'best block': status.bestBlock,
    mempool: count(status.mempool, 'transaction'),
    peers: status.peers,
    overlay: overlay && describeOverlay(overlay),
    mining: mining === undefined ? undefined : `a block each ${duration(mining.intervalMs)}`,
    'peer id': status.peerId,
    addresses: status.addresses?.join('\n           '),
    RPC: status.rpc,
    datadir: status.datadir,
    address: status.address,
    balance: bitcoins(status.balanceSats),
  })
}

function describeOverlay({ group, k, view, contacts, filetuples }: NodeStatus['overlay']): string {
  return `group ${group} of ${k}; ${view} in view, ${count(contacts, 'contact')}, ${count(filetuples, 'filetuple')}`
}
