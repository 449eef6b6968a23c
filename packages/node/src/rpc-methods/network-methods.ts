import { hexToBlockHash, INCREMENTAL_RELAY_FEE_RATE } from '@onehop/ledger'
import type { Network } from '@onehop/network'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { reasonOf } from '../system-errors.ts'
import { BITCOIND_VERSION, USER_AGENT } from '../version.ts'
import { BLOCK_HASH } from './block-lookup.ts'
import { type MethodContext, networkOf } from './method-context.ts'
import { toPeerInfo } from './peer-json.ts'

const PROTOCOL_VERSION = 1
/** Base58 text of the hash, or of the key itself, that a peer id is. */
const PEER_ID = /^(Qm|1)[1-9A-HJ-NP-Za-km-z]{44,60}$/

/** @throws {RpcError} -30 */
function checkPeerId(text: string): string {
  if (PEER_ID.test(text)) return text
  throw new RpcError(RPC_CODE.invalidIpOrSubnet, `Invalid peer id "${text}".`)
}

/** Of one who has no limit (`-maxuploadtarget=0`). */
const UNLIMITED_UPLOADS = {
  timeframe: 86_400,
  target: 0,
  target_reached: false,
  serve_historical_blocks: true,
  bytes_left_in_cycle: 0,
  time_left_in_cycle: 0,
}

/** Does not wait for the block: it may never come. @throws {RpcError} -1 */
function requestBlock(context: MethodContext, blockHash: string, peer: unknown): void {
  const { chain, log } = context
  const hash = hexToBlockHash(blockHash)
  if (chain.headerTree.get(hash) === undefined) throw new RpcError(RPC_CODE.miscError, 'Block header missing')
  if (chain.hasBlock(hash)) throw new RpcError(RPC_CODE.miscError, 'Block already downloaded')
  const network = networkOf(context)
  network.fetchBlock(findPeer(network, peer), hash).then(
    verdict => log.info({ verdict: verdict ?? 'not there' }, 'a block was fetched from a peer'),
    (error: unknown) => log.warn({ error: reasonOf(error) }, 'a block was not fetched from a peer'),
  )
}

/** @throws {RpcError} -1 */
function findPeer(network: Network, peer: unknown): string {
  const found = network.peers().find(({ peerId }, id) => peerId === peer || id === peer)
  if (found === undefined) throw new RpcError(RPC_CODE.miscError, 'Peer does not exist')
  return found.peerId
}

async function dial(context: MethodContext, address: string): Promise<string> {
  try {
    return await networkOf(context).connect(address)
  } catch (error) {
    throw new RpcError(RPC_CODE.nodeNotConnected, `Cannot connect to ${address}: ${reasonOf(error)}.`)
  }
}

/** Peers: bitcoind's calls, with peer ids and multiaddrs in the place of IP addresses, and ours. */
export function networkMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'getnetworkinfo',
      category: 'Network',
      summary: 'What this node is on the network.',
      handler: () => {
        const peers = context.network?.peers() ?? []
        const inbound = peers.filter(peer => peer.direction === 'inbound').length
        return {
          version: BITCOIND_VERSION,
          subversion: `/${USER_AGENT}/`,
          protocolversion: PROTOCOL_VERSION,
          localservices: '0000000000000000',
          localservicesnames: [],
          localrelay: true,
          timeoffset: 0,
          networkactive: context.network !== undefined,
          connections: peers.length,
          connections_in: inbound,
          connections_out: peers.length - inbound,
          networks: [],
          relayfee: new BitcoinAmount(context.chain.mempool.minRelayFeeRate),
          incrementalfee: new BitcoinAmount(INCREMENTAL_RELAY_FEE_RATE),
          localaddresses: context.network?.addresses() ?? [],
          warnings: context.chain.warnings(),
        }
      },
    }),
    defineMethod({
      name: 'getpeerinfo',
      category: 'Network',
      summary: 'Connected peers, as bitcoind lists them.',
      handler: () => (context.network?.peers() ?? []).map((peer, id) => toPeerInfo(context.chain, peer, id)),
    }),
    defineMethod({
      name: 'getconnectioncount',
      category: 'Network',
      summary: 'Number of connected peers.',
      handler: () => context.network?.peers().length ?? 0,
    }),
    defineMethod({
      name: 'getnettotals',
      category: 'Network',
      summary: 'Bytes of all connections since the node started.',
      handler: () => {
        const traffic = context.network?.traffic()
        return {
          totalbytesrecv: traffic?.receivedBytes ?? 0,
          totalbytessent: traffic?.sentBytes ?? 0,
          timemillis: Date.now(),
          uploadtarget: UNLIMITED_UPLOADS,
        }
      },
    }),
    defineMethod({
      name: 'getblockfrompeer',
      category: 'Blockchain',
      summary: 'Asks a peer for a block of which only the header is known.',
      params: {
        blockhash: BLOCK_HASH,
        peerid: {
          type: 'any',
          aliases: ['peer_id'],
          description: 'peer id, or its number in getpeerinfo',
        },
      },
      handler: ({ blockhash, peerid }) => {
        requestBlock(context, blockhash, peerid)
        return {}
      },
    }),
    defineMethod({
      name: 'peers.list',
      category: 'Network',
      summary: 'Connected peers.',
      handler: () =>
        networkOf(context)
          .peers()
          .map(({ sync: _, ...peer }) => peer),
    }),
    defineMethod({
      name: 'peers.connect',
      category: 'Network',
      summary: 'Connects to a node.',
      params: { address: { type: 'string', description: 'multiaddr with a peer id' } },
      handler: async ({ address }) => ({ peerId: await dial(context, address) }),
    }),
    defineMethod({
      name: 'addnode',
      category: 'Network',
      summary: 'Connects to a node (add, onetry) or lets it go (remove).',
      params: {
        node: { type: 'string', description: 'multiaddr with a peer id' },
        command: { type: 'string', description: 'add, remove or onetry' },
      },
      handler: async ({ node, command }) => {
        if (command === 'remove')
          await networkOf(context).disconnect(checkPeerId(node.slice(node.lastIndexOf('/') + 1)))
        else if (command === 'add' || command === 'onetry') await dial(context, node)
        else throw new RpcError(RPC_CODE.invalidParameter, `"${command}" is none of add, remove and onetry.`)
        return null
      },
    }),
    defineMethod({
      name: 'disconnectnode',
      category: 'Network',
      summary: 'Closes the connection to a peer.',
      params: { peerid: { type: 'string', aliases: ['address'], description: 'peer id' } },
      handler: async ({ peerid }) => {
        const network = networkOf(context)
        if (!network.peers().some(peer => peer.peerId === peerid)) {
          throw new RpcError(RPC_CODE.nodeNotConnected, 'Node not found in connected nodes')
        }
        await network.disconnect(peerid)
        return null
      },
    }),
    defineMethod({
      name: 'setban',
      category: 'Network',
      summary: 'Refuses a peer, or takes that back.',
      params: {
        peerid: { type: 'string', aliases: ['subnet'], description: 'peer id' },
        command: { type: 'string', description: 'add or remove' },
        bantime: {
          type: 'integer',
          optional: true,
          min: 0,
          description: 'seconds; default until the node is stopped',
        },
      },
      handler: ({ peerid, command, bantime }) => {
        const network = networkOf(context)
        checkPeerId(peerid)
        if (command === 'remove') network.unban(peerid)
        else if (command === 'add') network.ban(peerid, bantime ? bantime * 1000 : undefined)
        else throw new RpcError(RPC_CODE.invalidParameter, `"${command}" is neither add nor remove.`)
        return null
      },
    }),
    defineMethod({
      name: 'listbanned',
      category: 'Network',
      summary: 'Peers that are refused.',
      handler: () =>
        networkOf(context)
          .banned()
          .map(address => ({ address })),
    }),
    defineMethod({
      name: 'overlay.inspect',
      category: 'Overlay',
      summary: 'What this node knows of the overlay: its tables, its estimates, its links and their traffic.',
      handler: () => {
        const { overlay } = networkOf(context)
        return { ...overlay.inspect(), links: overlay.linkCount, traffic: overlay.stats() }
      },
    }),
  ]
}
