import { join } from 'node:path'
import type { NodeStatus, OverlayName } from '@onehop/rpc'
import { bitcoins, count, style, table, terminalWidth } from '../format.ts'

/** What `testnet up` and `testnet status` say of one node. */
export interface NodeReport {
  readonly name: string
  readonly pid: number
  readonly rpc: string
  /** Port for other BitTorrent clients; 0 when that side is off. */
  readonly btPort: number
  readonly peerId: string
  readonly height: number
  readonly bestBlock: string
  readonly peers: number
  readonly address: string
  readonly balanceSats: number
}

/** What the banner tells besides the nodes. */
export interface BannerFacts {
  readonly datadir: string
  readonly overlay: OverlayName
  readonly miners: number
  readonly blockTimeSeconds: number
}

/** The figures of a node that answers. */
export function reportOf(name: string, pid: number, rpc: string, status: NodeStatus): NodeReport {
  const { btPort, peerId, height, bestBlock, peers, address, balanceSats } = status
  return { name, pid, rpc, btPort, peerId, height, bestBlock, peers, address, balanceSats }
}

/** What one sees when the testnet is up: where its nodes are, who has coins, what to try next. */
export function bannerOf(nodes: readonly NodeReport[], facts: BannerFacts): string {
  const { datadir, overlay, miners, blockTimeSeconds } = facts
  const rhythm = blockTimeSeconds === 0 ? 'blocks on demand' : `a block each ${blockTimeSeconds} s`
  const title = `onehop testnet: ${count(nodes.length, 'node')} on regtest, overlay ${overlay}, height ${nodes[0]?.height}, ${rhythm}`
  const isMiner = (i: number) => blockTimeSeconds > 0 && i < miners
  return [
    '',
    style('bold', title),
    '',
    table(
      ['node', 'RPC', 'BitTorrent', 'balance', ''],
      nodes.map((node, i) => [
        node.name,
        node.rpc,
        node.btPort === 0 ? 'off' : String(node.btPort),
        bitcoins(node.balanceSats),
        isMiner(i) ? style('green', 'mines') : '',
      ]),
    ),
    '',
    ...identities(nodes),
    '',
    `${style('dim', 'datadir')}    ${datadir}`,
    `${style('dim', 'seeds')}      ${join(datadir, 'node*', 'wallet.json')} (BIP 39 words, readable by you only)`,
    `${style('dim', 'cookies')}    ${join(datadir, 'node*', '.cookie')}`,
    `${style('dim', 'logs')}       ${join(datadir, 'node*', 'debug.log')}`,
    '',
    style('bold', 'Try this next:'),
    ...suggestions(nodes).map(line => `  ${style('cyan', line)}`),
    '',
  ].join('\n')
}

/** Peer ids and addresses side by side take this many columns. */
const WIDE = 106

/** One table where the terminal is wide enough, else one under the other: a line that is cut in two cannot be copied. */
function identities(nodes: readonly NodeReport[]): string[] {
  const column = (heading: string, of: (node: NodeReport) => string[]) =>
    table(
      ['node', heading],
      nodes.map(node => [node.name, ...of(node)]),
    )
  if (terminalWidth() < WIDE) {
    return [column('peer id', ({ peerId }) => [peerId]), '', column('address', ({ address }) => [address])]
  }
  return [
    table(
      ['node', 'peer id', 'address'],
      nodes.map(({ name, peerId, address }) => [name, peerId, address]),
    ),
  ]
}

function suggestions(nodes: readonly NodeReport[]): string[] {
  const last = nodes.length
  const payee = nodes.at(-1)?.address ?? 'ADDRESS'
  return [
    'onehop testnet status',
    'onehop overlay',
    `onehop wallet send ${payee} 1.5`,
    'onehop mine 1',
    'onehop publish README.md',
    `onehop lookup README.md --node ${last}`,
    `onehop fetch README.md -o /tmp/README.md --node ${last}`,
  ]
}
