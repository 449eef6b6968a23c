import type { Chain } from '@onehop/chain'
import { KELIPS_TESTNET, kelips } from '@onehop/kelips'
import { REGTEST, serializeHeader } from '@onehop/ledger'
import { createNetwork, type Network, type NetworkOptions } from '@onehop/network'
import { createChainPort } from '../../../packages/node/src/chain-port.ts'
import { createIdentity } from '../../../packages/node/src/identity.ts'

/** Puts the chain on a libp2p host of 127.0.0.1, as a node does. */
export async function joinNetwork(
  chain: Chain,
  swarm: Pick<NetworkOptions<never>, 'onSwarmStream'> = {},
): Promise<Network> {
  const network = (await createNetwork({
    privateKey: createIdentity(),
    bootstrap: [],
    genesisHash: REGTEST.genesis.hash,
    chain: createChainPort(chain),
    overlay: kelips(KELIPS_TESTNET),
    ...swarm,
  })) as Network
  chain.on('tip', tip => network.announceTip(serializeHeader(tip.header)))
  return network
}
