import type { ChainPruning } from '@onehop/chain'
import {
  blockHashToHex,
  type HeaderNode,
  hexToTxId,
  medianTimePast,
  serializeBlock,
  serializeHeader,
  targetOf,
} from '@onehop/ledger'
import { bytesToHex, equalBytes } from '@onehop/primitives'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, blockOf, nodeOf } from './block-lookup.ts'
import {
  type BlockContext,
  bitsHex,
  blockJson,
  difficultyOf,
  headerJson,
  scriptJson,
  uint256Hex,
} from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'

/** Where a block stands in the active chain. */
function blockContext({ chain }: MethodContext, node: HeaderNode): Omit<BlockContext, 'nTx'> {
  const active = chain.hashAtHeight(node.height)
  const isActive = active !== undefined && equalBytes(active, node.hash)
  return {
    node,
    medianTime: medianTimePast(node),
    confirmations: isActive ? chain.tip.height - node.height + 1 : -1,
    nextHash: isActive ? chain.hashAtHeight(node.height + 1) : undefined,
  }
}

function pruningJson({ isEnabled, prunedHeight, targetBytes }: ChainPruning) {
  if (!isEnabled) return { pruned: false }
  return {
    pruned: true,
    pruneheight: prunedHeight + 1,
    automatic_pruning: targetBytes !== undefined,
    ...(targetBytes === undefined ? {} : { prune_target_size: targetBytes }),
  }
}

function chainInfo(context: MethodContext) {
  const { chain, parameters, network } = context
  const { tip } = chain
  const sync = network?.syncState()
  const bestHeader = chain.headerTree.best
  return {
    chain: parameters.name,
    blocks: tip.height,
    headers: bestHeader.height,
    bestblockhash: blockHashToHex(tip.hash),
    bits: bitsHex(tip.header.bits),
    target: uint256Hex(targetOf(tip.header.bits)),
    difficulty: difficultyOf(tip.header.bits),
    time: tip.header.time,
    mediantime: medianTimePast(tip),
    verificationprogress: bestHeader.height === 0 ? 1 : tip.height / bestHeader.height,
    initialblockdownload: sync?.syncing ?? false,
    chainwork: uint256Hex(tip.chainWork),
    size_on_disk: chain.blockBytes(),
    ...pruningJson(chain.pruning),
    warnings: chain.warnings(),
  }
}

/** The ends of all branches, and the tip, which may have invalid blocks or bare headers on it; highest first. */
function chainTips({ chain }: MethodContext): HeaderNode[] {
  const tips = new Set([...chain.headerTree.leaves(), chain.tip])
  return [...tips].sort((a, b) => b.height - a.height)
}

function branchTipJson({ chain }: MethodContext, tip: HeaderNode) {
  return {
    height: tip.height,
    hash: blockHashToHex(tip.hash),
    branchlen: tip.height - chain.headerTree.findFork(tip, chain.tip).height,
    status: chain.standingOf(tip),
  }
}

/** The chain: bitcoind's calls. */
export function blockchainMethods(context: MethodContext): RpcMethod[] {
  const { chain, parameters } = context
  return [
    defineMethod({
      name: 'getblockchaininfo',
      category: 'Blockchain',
      summary: 'State of the chain.',
      handler: () => chainInfo(context),
    }),
    defineMethod({
      name: 'getblockcount',
      category: 'Blockchain',
      summary: 'Height of the tip.',
      handler: () => chain.tip.height,
    }),
    defineMethod({
      name: 'getdifficulty',
      category: 'Blockchain',
      summary: 'How many times harder than the easiest target of mainnet.',
      handler: () => difficultyOf(chain.tip.header.bits),
    }),
    defineMethod({
      name: 'getbestblockhash',
      category: 'Blockchain',
      summary: 'Hash of the tip.',
      handler: () => blockHashToHex(chain.tip.hash),
    }),
    defineMethod({
      name: 'getblockhash',
      category: 'Blockchain',
      summary: 'Hash of the block at a height of the active chain.',
      params: { height: { type: 'integer' } },
      handler: ({ height }) => {
        const hash = height < 0 ? undefined : chain.hashAtHeight(height)
        if (hash === undefined) throw new RpcError(RPC_CODE.invalidParameter, 'Block height out of range')
        return blockHashToHex(hash)
      },
    }),
    defineMethod({
      name: 'getblockheader',
      category: 'Blockchain',
      summary: 'A block header, as JSON or as hex.',
      params: { blockhash: BLOCK_HASH, verbose: { type: 'boolean', default: true } },
      handler: async ({ blockhash, verbose }) => {
        const node = nodeOf(context, blockhash)
        if (!verbose) return bytesToHex(serializeHeader(node.header))
        const nTx = (await chain.transactionCount(node)) ?? 0
        return headerJson(node.header, { ...blockContext(context, node), nTx })
      },
    }),
    defineMethod({
      name: 'getblock',
      category: 'Blockchain',
      summary:
        'A block: 0 as hex, 1 with transaction ids, 2 with transactions, 3 with the coins that these spend.',
      params: {
        blockhash: BLOCK_HASH,
        verbosity: { type: 'verbosity', default: 1, aliases: ['verbose'] },
      },
      handler: async ({ blockhash, verbosity }) => {
        const node = nodeOf(context, blockhash)
        const block = await blockOf(context, node)
        if (verbosity <= 0) return bytesToHex(serializeBlock(block))
        const undo = verbosity >= 2 && node.height > 0 ? await chain.getUndo(node.hash) : undefined
        const place = { ...blockContext(context, node), nTx: block.transactions.length }
        return blockJson(block, place, verbosity, parameters, undo)
      },
    }),
    defineMethod({
      name: 'getchaintips',
      category: 'Blockchain',
      summary: 'Tips of all known branches.',
      handler: () => chainTips(context).map(tip => branchTipJson(context, tip)),
    }),
    defineMethod({
      name: 'gettxout',
      category: 'Blockchain',
      summary: 'An output that is not spent yet; null when there is none.',
      params: {
        txid: { type: 'hex', lengthBytes: 32 },
        n: { type: 'integer', min: 0 },
        include_mempool: { type: 'boolean', default: true },
      },
      handler: ({ txid, n, include_mempool }) => {
        const outpoint = { txid: hexToTxId(txid), index: n }
        if (include_mempool && chain.mempool.spenderOf(outpoint) !== undefined) return null
        const unconfirmed = include_mempool ? chain.mempool.get(outpoint.txid)?.outputs[n] : undefined
        const coin = chain.getCoin(outpoint)
        const output = unconfirmed ?? coin?.output
        if (output === undefined) return null
        return {
          bestblock: blockHashToHex(chain.tip.hash),
          confirmations: unconfirmed || coin === undefined ? 0 : chain.tip.height - coin.height + 1,
          value: new BitcoinAmount(output.value),
          scriptPubKey: scriptJson(output.scriptPubKey, parameters),
          coinbase: coin?.coinbase ?? false,
        }
      },
    }),
  ]
}
