import { RpcClient } from '@onehop/rpc'
import { cookiePathOf } from '../home.ts'
import { type NodeReport, reportOf } from './banner.ts'
import type { RunningNode, RunningTestnet } from './state.ts'

/** Time in ms that a node gets to say how it is. */
const STATUS_TIMEOUT_MS = 5_000

/** A node that does not answer: only what the testnet wrote down of it is known. */
export type DownNode = { readonly [Key in keyof NodeReport]: NodeReport[Key] | null } & {
  readonly down: true
}

/** A node of a testnet. */
export type NodeState = NodeReport | DownNode

/** Whether it answered. */
export function isUp(state: NodeState): state is NodeReport {
  return !('down' in state)
}

const NOTHING_KNOWN = {
  btPort: null,
  peerId: null,
  height: null,
  bestBlock: null,
  peers: null,
  address: null,
  balanceSats: null,
} as const

/** Asks every node how it is. One that does not answer is down. */
export function statesOf({ nodes }: RunningTestnet): Promise<NodeState[]> {
  return Promise.all(nodes.map(stateOf))
}

async function stateOf({ name, pid, rpc, datadir }: RunningNode): Promise<NodeState> {
  const client = new RpcClient({ url: rpc, cookiePath: cookiePathOf(datadir) })
  try {
    const status = await client.call('node.status', [], { timeoutMs: STATUS_TIMEOUT_MS })
    return reportOf(name, pid, rpc, status)
  } catch {
    return { name, pid, rpc, ...NOTHING_KNOWN, down: true }
  } finally {
    client.close()
  }
}
