import { blockHashToHex } from '@onehop/ledger'
import type { Inspection } from '@onehop/overlay'
import { defineMethod, type NodeStatus, type OverlaySummary, type RpcMethod } from '@onehop/rpc'
import { VERSION } from '../version.ts'
import type { MethodContext } from './method-context.ts'

/** The overlay at a glance. */
function overlaySummary({ network, configuration }: MethodContext): OverlaySummary {
  const name = configuration.overlay
  if (network === undefined) return { name, joined: false, settled: false, load: 0 }
  const { overlay } = network
  const tables = overlay.inspect()
  return {
    name,
    joined: overlay.isReady,
    settled: overlay.isReady && tables.settled !== false,
    load: sizeOf(tables.load),
    ...(typeof tables.role === 'string' ? { role: tables.role } : {}),
    ...(name === 'kelips' ? kelipsSummary(tables) : {}),
  }
}

/** How many of each thing Kelips' tables hold. */
function kelipsSummary({ group, k, view, contacts, filetuples, filetupleCount }: Inspection) {
  const held = sizeOf(filetupleCount ?? filetuples)
  return {
    load: held,
    group: Number(group),
    k: Number(k),
    view: sizeOf(view),
    contacts: sizeOf(contacts),
    filetuples: held,
  }
}

function sizeOf(table: unknown): number {
  if (Array.isArray(table)) return table.length
  return typeof table === 'number' ? table : 0
}

/** What `node.status` tells. */
export function statusOf(context: MethodContext): NodeStatus {
  const { configuration, parameters, chain, network, wallet, mining } = context
  const { verifier, hashes, fallbacks } = context.acceleration
  const { intervalMs } = mining
  return {
    ...(configuration.name === undefined ? {} : { name: configuration.name }),
    network: parameters.name,
    version: VERSION,
    pid: process.pid,
    peerId: network?.peerId ?? '',
    addresses: network?.addresses() ?? [],
    btPort: network === undefined ? 0 : (configuration.swarm.tcp?.port ?? 0),
    rpc: context.rpcUrl(),
    datadir: configuration.datadir ?? '',
    height: chain.tip.height,
    headers: chain.headerTree.best.height,
    bestBlock: blockHashToHex(chain.tip.hash),
    peers: network?.peers().length ?? 0,
    mempool: chain.mempool.size,
    syncing: network?.syncState().syncing ?? false,
    overlay: overlaySummary(context),
    address: wallet.mainAddress,
    balanceSats: Number(wallet.state.balance().confirmed),
    backends: {
      verifier: verifier.name,
      hashes: hashes.name,
      threads: configuration.threads,
      fallbacks,
    },
    ...(intervalMs === undefined ? {} : { mining: { intervalMs } }),
  }
}

/** The node itself: its status, how long it runs, and its end. */
export function nodeMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'node.status',
      category: 'Control',
      summary: 'Everything about this node at a glance.',
      handler: () => statusOf(context),
    }),
    defineMethod({
      name: 'uptime',
      category: 'Control',
      summary: 'Seconds since the node was started.',
      handler: () => Math.floor((performance.now() - context.startedAtMs) / 1000),
    }),
    defineMethod({
      name: 'stop',
      category: 'Control',
      summary: 'Ends the node.',
      availableInWarmUp: true,
      handler: () => {
        context.requestStop()
        return 'onehop stopping'
      },
    }),
  ]
}
