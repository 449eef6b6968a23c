import type { Chain } from '@onehop/chain'
import type { BlockHash, HeaderNode } from '@onehop/ledger'
import type { PeerSummary, PeerSync } from '@onehop/network'
import { BitcoinAmount } from '@onehop/rpc'

/** Addresses that no other machine can reach. */
const PRIVATE_ADDRESS = /^\/(ip4\/(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\.|ip6\/(::1|f[cde]))/

/** A connected peer, as bitcoind's `getpeerinfo` has it. Fields of things that there are not here are left out. */
export function toPeerInfo(chain: Chain, peer: PeerSummary, id: number) {
  const { traffic, sync } = peer
  return {
    id,
    peerId: peer.peerId,
    addr: peer.address,
    network: networkOf(peer.address),
    services: '0000000000000000',
    servicesnames: [],
    relaytxes: true,
    lastsend: seconds(traffic.lastSentMs),
    lastrecv: seconds(traffic.lastReceivedMs),
    last_transaction: seconds(sync?.lastTransactionAtMs),
    last_block: seconds(sync?.lastBlockAtMs),
    bytessent: traffic.sentBytes,
    bytesrecv: traffic.receivedBytes,
    conntime: seconds(peer.connectedAtMs),
    ...(peer.latencyMs === undefined ? {} : { pingtime: peer.latencyMs / 1000 }),
    ...(sync?.minLatencyMs === undefined ? {} : { minping: sync.minLatencyMs / 1000 }),
    version: sync?.version ?? 0,
    subver: peer.agent,
    inbound: peer.direction === 'inbound',
    bip152_hb_to: false,
    bip152_hb_from: false,
    presynced_headers: sync?.presyncedHeight ?? -1,
    ...syncedWith(chain, sync),
    inflight: inFlightHeights(chain, sync),
    permissions: [],
    minfeefilter: new BitcoinAmount(sync?.minFeeRate ?? 0n),
    connection_type: peer.direction === 'inbound' ? 'inbound' : 'outbound-full-relay',
    score: peer.score,
  }
}

/** The last header, and the last block of the active chain, that the peer and we have in common. */
function syncedWith(chain: Chain, sync: PeerSync | undefined) {
  let best: HeaderNode | undefined
  for (const hash of sync?.tips ?? []) {
    const node = chain.headerTree.get(hash as BlockHash)
    if (node !== undefined && (best === undefined || node.chainWork > best.chainWork)) best = node
  }
  if (best === undefined) return { synced_headers: -1, synced_blocks: -1 }
  return { synced_headers: best.height, synced_blocks: chain.headerTree.findFork(best, chain.tip).height }
}

function inFlightHeights(chain: Chain, sync: PeerSync | undefined): number[] {
  return (sync?.inFlight ?? []).flatMap(hash => chain.headerTree.get(hash as BlockHash)?.height ?? [])
}

function networkOf(address: string): string {
  if (PRIVATE_ADDRESS.test(address)) return 'not_publicly_routable'
  return address.startsWith('/ip6/') ? 'ipv6' : 'ipv4'
}

/** Unix time in seconds; 0 for never. */
function seconds(timeMs: number | undefined): number {
  return timeMs === undefined ? 0 : Math.floor(timeMs / 1000)
}
