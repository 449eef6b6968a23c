import { KELIPS_TESTNET, type KelipsInspection, kelips } from '@onehop/kelips'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { type InspectedNode, liveHarness } from '../support/live-harness.ts'

/** A network that lives some five times as fast as the testnet's, and is patient with a machine that is busy. */
const FAST = {
  ...KELIPS_TESTNET,
  gossipIntervalMs: 150,
  gossipBytesPerSecond: 200_000,
  heartbeatIntervalMs: 500,
  suspectAfterMs: 1_500,
  memberLifetimeMs: 6_000,
  pointerLifetimeMs: 4_000,
  pointerRefreshMs: 1_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 500,
  rejoinIntervalMs: 500,
}

/** Who is silent for long is asked past on a busy machine: by way of a member of the group that holds the key. */
const MOST_HOPS = 2

function isComplete(
  tables: KelipsInspection,
  living: readonly (readonly [string, number])[],
  self: string,
): boolean {
  const known = [...tables.view, ...tables.contacts].map(({ peerId }) => peerId)
  const isAlive = (peerId: string) => living.some(([id]) => id === peerId)
  const others = living.filter(([id]) => id !== self)
  const groups = new Set(others.map(([, group]) => group))
  const isGroupKnown = (group: number) => {
    const members = others.filter(([, of]) => of === group).map(([id]) => id)
    const enough = group === tables.group ? members.length : Math.min(members.length, FAST.contactsPerGroup)
    return members.filter(id => known.includes(id)).length >= enough
  }
  return tables.settled && known.every(isAlive) && [...groups].every(isGroupKnown)
}

/** Everybody knows its whole group, as many of every other as it keeps, and nobody who is gone. */
function hasConverged(nodes: readonly InspectedNode[]): boolean {
  const tables = nodes.map(node => node.tables as KelipsInspection)
  const living = nodes.map(({ peerId }, i) => [peerId, tables[i]!.group] as const)
  return tables.every((own, i) => isComplete(own, living, nodes[i]!.peerId))
}

describeOverlayContract(
  'Kelips over libp2p',
  liveHarness({
    factory: kelips(FAST),
    times: { convergenceMs: 1_000, deathMs: 3_000, expiryMs: 4_500 },
    mostHops: MOST_HOPS,
    searches: true,
    hasConverged,
  }),
)
