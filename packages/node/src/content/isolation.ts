import type { PeerSummary } from '@onehop/network'
import type { OverlayName } from '@onehop/rpc'

/**
 * Why nobody can answer a node whose peers all run other overlays, as a sentence. Undefined for a node without peers, and
 * for one with a peer that runs the same.
 */
export function isolationOf(
  own: OverlayName,
  peers: readonly Pick<PeerSummary, 'overlay'>[],
): string | undefined {
  const names = peers.map(({ overlay }) => overlay?.split('/', 1)[0])
  if (names.length === 0 || names.includes(own)) return undefined
  const others = [...new Set(names.filter(name => name !== undefined))].sort()
  const one = names.length === 1
  const whoever = one
    ? "This node's only peer does not run"
    : `None of this node's ${names.length} peers runs`
  const instead = others.length === 0 ? 'no overlay that is known here' : others.join(' and ')
  return `${whoever} ${own}; ${one ? 'it runs' : 'they run'} ${instead}.`
}
