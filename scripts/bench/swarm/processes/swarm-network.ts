import type { Network } from '@onehop/network'
import type { WireConnection } from '@onehop/swarm'
import { joinNetwork } from '../../ledger/join-network.ts'
import { openChain } from '../../ledger/open-chain.ts'

/** A node's libp2p host, with an empty chain beside it. */
export async function startNetwork(
  folder: string,
  onSwarmStream: (connection: WireConnection) => void = connection => connection.close(),
): Promise<Network> {
  return joinNetwork(await openChain(folder, 1), { onSwarmStream })
}
