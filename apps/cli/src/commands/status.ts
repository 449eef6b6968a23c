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
    'BT port': status.btPort === 0 ? 'off' : status.btPort,
    RPC: status.rpc,
    datadir: status.datadir,
    address: status.address,
    balance: bitcoins(status.balanceSats),
  })
}

function describeOverlay(overlay: NodeStatus['overlay']): string {
  const { name, joined, role, load } = overlay
  const place = joined ? (role ?? placeInKelips(overlay)) : 'not entered yet'
  const held = `${count(load, 'pointer')} held`
  return `${name}: ${place === undefined ? '' : `${place}; `}${held}`
}

/** Undefined for other overlays. */
function placeInKelips({ group, k, view, contacts }: NodeStatus['overlay']): string | undefined {
  if (k === undefined) return undefined
  return `group ${group} of ${k}, ${view} in view, ${count(contacts ?? 0, 'contact')}`
}
