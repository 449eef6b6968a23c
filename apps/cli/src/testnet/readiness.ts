import type { NodeStatus } from '@onehop/rpc'
import { waitFor } from '../wait.ts'
import { POLL_MS, SYNC_TIMEOUT_MS } from './limits.ts'
import type { NodeProcess } from './node-process.ts'

/** Waits until every node has peers and has found its place in the overlay. */
export async function waitUntilConnected(
  nodes: readonly NodeProcess[],
  onPhase: (phase: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  await waitFor(
    'The nodes did not find each other',
    async () => {
      const statuses = await Promise.all(nodes.map(node => node.status()))
      const connected = statuses.filter(status => isConnected(status, statuses)).length
      onPhase(`connecting: ${connected} of ${nodes.length} nodes`)
      return connected === nodes.length || undefined
    },
    { timeoutMs: SYNC_TIMEOUT_MS, pollMs: POLL_MS, signal },
  )
}

/** A node alone is, as soon as it is in the overlay; others need a peer, and what the overlay wants of them. */
function isConnected(status: NodeStatus, all: readonly NodeStatus[]): boolean {
  const { overlay, peers } = status
  if (!overlay.joined || all.length === 1) return overlay.joined
  if (peers === 0) return false
  return overlay.name === 'kelips' ? knowsKelips(status, all) : overlay.settled
}

/** All members of the own group in view, and a contact in each other group. */
function knowsKelips({ overlay }: NodeStatus, all: readonly NodeStatus[]): boolean {
  const groups = new Set(all.map(status => status.overlay.group))
  const members = all.filter(status => status.overlay.group === overlay.group).length
  const { view = 0, contacts = 0 } = overlay
  return view >= members - 1 && contacts >= groups.size - 1
}

/** Waits until all nodes have the same tip. */
export async function waitUntilSynced(
  nodes: readonly NodeProcess[],
  onPhase: (phase: string) => void,
  signal?: AbortSignal,
): Promise<NodeStatus> {
  return waitFor(
    'The nodes did not agree on a chain',
    async () => {
      const statuses = await Promise.all(nodes.map(node => node.status()))
      const heights = statuses.map(({ height }) => height)
      onPhase(`syncing: height ${Math.min(...heights)} of ${Math.max(...heights)}`)
      return statuses.every(({ bestBlock }) => bestBlock === statuses[0]!.bestBlock) ? statuses[0] : undefined
    },
    { timeoutMs: SYNC_TIMEOUT_MS, pollMs: POLL_MS, signal },
  )
}
