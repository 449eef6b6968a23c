import type { GossipsubOpts, Message } from '@chainsafe/libp2p-gossipsub'
import { isPrivateIp } from '@libp2p/utils'
import type { PenaltyLedger } from '@onehop/libp2p-overlay'
import { bytesToHex, concatBytes, sha256, utf8Encode } from '@onehop/primitives'
import { MAX_GOSSIP_FRAME_BYTES } from './limits.ts'

/** Below this gossipsub score a peer is ignored, and disconnected by us. */
export const GRAYLIST_SCORE = -80

const MESSAGE_ID_BYTES = 20

/** Names of the gossip topics and of the sync protocol: nodes of another chain never meet in them. */
export interface ChainNames {
  readonly headers: string
  readonly transactions: string
  readonly sync: string
  /** Peers about peers. */
  readonly peers: string
  /** What stands before the overlay's protocol name. */
  readonly overlayPrefix: string
}

/** @param genesisHash 32 bytes, internal order; the names carry its first 8 hex digits as they are printed. */
export function chainNames(genesisHash: Uint8Array): ChainNames {
  const chain = bytesToHex(Uint8Array.from(genesisHash).reverse()).slice(0, 8)
  const base = `/onehop/${chain}`
  return {
    headers: `${base}/headers/1`,
    transactions: `${base}/transactions/1`,
    sync: `${base}/sync/1`,
    peers: `${base}/peers/1`,
    overlayPrefix: `${base}/`,
  }
}

/** The overlay among the protocols that a peer speaks, e.g. `kelips/1`; undefined when it runs none on this chain. */
export function overlayAmong(protocols: readonly string[], names: ChainNames): string | undefined {
  const { overlayPrefix, sync, peers } = names
  const protocol = protocols.find(each => each.startsWith(overlayPrefix) && each !== sync && each !== peers)
  return protocol?.slice(overlayPrefix.length)
}

/** The addresses that many peers may share: private ones and loopback, where testnets live. */
class PrivateAddresses extends Set<string> {
  override has(ip: string): boolean {
    return isPrivateIp(ip) ?? false
  }
}

/** A topic is part of the id: the same bytes in the wrong topic, refused there, must not hide the right message. */
function messageId(message: Message): Uint8Array {
  return sha256(concatBytes(utf8Encode(message.topic), message.data)).subarray(0, MESSAGE_ID_BYTES)
}

/**
 * What a topic adds to a score: a little for time and deliveries, a lot less for anything invalid, and nothing for
 * silence, since small networks are silent.
 */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 20,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: GRAYLIST_SCORE - 20,
  invalidMessageDeliveriesDecay: 0.99,
}

/** How gossipsub is set: content ids, no signatures, prompt on tiny meshes, hard on whoever relays what is invalid. */
export function gossipOptions(names: ChainNames, penalties: PenaltyLedger): Partial<GossipsubOpts> {
  return {
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: messageId,
    msgIdToStrFn: bytesToHex,
    allowedTopics: [names.headers, names.transactions],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    floodPublish: true,
    fallbackToFloodsub: false,
    doPX: false,
    emitSelf: false,
    maxInboundDataLength: MAX_GOSSIP_FRAME_BYTES,
    // A transaction's body is fetched before its announcement counts as delivered.
    gossipsubIWantFollowupMs: 30_000,
    scoreThresholds: {
      gossipThreshold: -40,
      publishThreshold: -60,
      graylistThreshold: GRAYLIST_SCORE,
      acceptPXThreshold: 1_000,
      opportunisticGraftThreshold: 1,
    },
    scoreParams: {
      topics: { [names.headers]: TOPIC_SCORE, [names.transactions]: TOPIC_SCORE } as never,
      topicScoreCap: 10,
      appSpecificScore: peerId => -penalties.score(peerId),
      appSpecificWeight: 1,
      IPColocationFactorWhitelist: new PrivateAddresses(),
      // Broken promises happen to busy honest nodes: only many of them count, and they are soon forgotten.
      behaviourPenaltyWeight: -1,
      behaviourPenaltyThreshold: 8,
      behaviourPenaltyDecay: 0.9,
    },
  }
}
