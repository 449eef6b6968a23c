import { blockHashToHex, medianTimePast, parseHeader, requiredBits, targetOf } from '@onehop/ledger'
import { attemptDecode, hexToBytes } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { bitsHex, difficultyOf, uint256Hex } from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'
import { networkHashesPerSecond } from './network-hashes.ts'

/** Blocks that the speed of the network is estimated by, unless it is said otherwise. */
const DEFAULT_LOOKUP_BLOCKS = 120

function difficultyJson(bits: number) {
  return { bits: bitsHex(bits), difficulty: difficultyOf(bits), target: uint256Hex(targetOf(bits)) }
}

function hashesPerSecond({ chain, parameters }: MethodContext, blocks: number, height: number): number {
  if (blocks < -1 || blocks === 0)
    throw new RpcError(RPC_CODE.invalidParameter, 'Invalid nblocks. Must be a positive number or -1.')
  const node = height === -1 ? chain.tip : chain.nodeAtHeight(height)
  if (node === undefined)
    throw new RpcError(RPC_CODE.invalidParameter, 'Block does not exist at specified height')
  return networkHashesPerSecond(node, blocks, parameters)
}

function miningInfo(context: MethodContext) {
  const { chain, parameters, mining } = context
  const { tip } = chain
  const { lastTemplate } = mining
  const time = Math.max(chain.nowSeconds(), medianTimePast(tip) + 1)
  return {
    blocks: tip.height,
    ...(lastTemplate === undefined
      ? {}
      : {
          currentblockweight: lastTemplate.weight,
          currentblocktx: lastTemplate.transactions,
        }),
    ...difficultyJson(tip.header.bits),
    networkhashps: hashesPerSecond(context, DEFAULT_LOOKUP_BLOCKS, -1),
    pooledtx: chain.mempool.size,
    chain: parameters.name,
    next: { height: tip.height + 1, ...difficultyJson(requiredBits(tip, { time }, parameters)) },
    warnings: chain.warnings(),
  }
}

function submitHeader({ chain }: MethodContext, hex: string): null {
  const header = attemptDecode('Block header decode failed', () => parseHeader(hexToBytes(hex)))
  if (!header.ok) throw new RpcError(RPC_CODE.deserializationError, header.code)
  const { previousBlock } = header.value
  if (chain.headerTree.get(previousBlock) === undefined) {
    throw new RpcError(
      RPC_CODE.verifyError,
      `Must submit previous header (${blockHashToHex(previousBlock)}) first`,
    )
  }
  const verdict = chain.acceptHeaders([header.value])
  if (!verdict.ok) throw new RpcError(RPC_CODE.verifyError, verdict.code)
  return null
}

/** What miners ask: bitcoind's calls. */
export function miningInfoMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'getmininginfo',
      category: 'Mining',
      summary: 'State of mining: the tip’s difficulty and the next block’s, the speed of the network.',
      handler: () => miningInfo(context),
    }),
    defineMethod({
      name: 'getnetworkhashps',
      category: 'Mining',
      summary: 'Hashes per second of the whole network, estimated by the last blocks.',
      params: {
        nblocks: {
          type: 'integer',
          default: DEFAULT_LOOKUP_BLOCKS,
          description: 'how many blocks; -1 for those since the last change of the difficulty',
        },
        height: { type: 'integer', default: -1, description: 'when that block was found; -1 for the tip' },
      },
      handler: ({ nblocks, height }) => hashesPerSecond(context, nblocks, height),
    }),
    defineMethod({
      name: 'submitheader',
      category: 'Mining',
      summary: 'Hands in a block header; its parent must be known.',
      params: { hexdata: { type: 'string', description: 'a header in hex' } },
      handler: ({ hexdata }) => submitHeader(context, hexdata),
    }),
  ]
}
