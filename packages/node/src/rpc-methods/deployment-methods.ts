import { blockHashToHex, type ChainParameters, type HeaderNode } from '@onehop/ledger'
import { defineMethod, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, nodeOf } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'

/** Always active from its height on; active for the block after the one that is asked about, as Core tells it. */
function buried(height: number, node: HeaderNode) {
  return { type: 'buried', active: node.height + 1 >= height, height }
}

/** Soft forks by Core's names. Taproot holds from the first block on, in whose terms Core says the same. */
function deployments(node: HeaderNode, parameters: ChainParameters) {
  return {
    bip34: buried(parameters.bip34Height, node),
    bip66: buried(parameters.bip66Height, node),
    bip65: buried(parameters.bip65Height, node),
    csv: buried(parameters.csvHeight, node),
    segwit: buried(parameters.segwitHeight, node),
    taproot: {
      type: 'bip9',
      height: 0,
      active: true,
      bip9: {
        start_time: ALWAYS_ACTIVE,
        timeout: NO_TIMEOUT,
        min_activation_height: 0,
        status: 'active',
        since: 0,
        status_next: 'active',
      },
    },
  }
}

/** Core's `BIP9Deployment::ALWAYS_ACTIVE`. */
const ALWAYS_ACTIVE = -1
/** Core's `BIP9Deployment::NO_TIMEOUT`, 2^63 − 1. */
const NO_TIMEOUT = 9_223_372_036_854_775_807n

/** Changes of the rules: bitcoind's call. */
export function deploymentMethods(context: MethodContext): RpcMethod[] {
  const { chain, parameters } = context
  return [
    defineMethod({
      name: 'getdeploymentinfo',
      category: 'Blockchain',
      summary: 'From which height on soft forks hold, and whether they do after a block.',
      params: { blockhash: { ...BLOCK_HASH, optional: true, description: 'default: the tip' } },
      handler: ({ blockhash }) => {
        const node = blockhash === undefined ? chain.tip : nodeOf(context, blockhash)
        return {
          hash: blockHashToHex(node.hash),
          height: node.height,
          deployments: deployments(node, parameters),
        }
      },
    }),
  ]
}
