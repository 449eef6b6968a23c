import type { IdentifyResult } from '@libp2p/interface'
import { BoundedMap } from '@onehop/primitives'
import { type ChainNames, overlayAmong } from './gossip-options.ts'
import { MAX_KNOWN_PEERS } from './limits.ts'

const ANY_SYNC_PROTOCOL = /^\/onehop\/[0-9a-f]{8}\/sync\//

/** What identify told of a peer. */
export interface Introduction {
  readonly agent: string
  readonly speaksSync: boolean
  /** It speaks the sync protocol of another chain only. */
  readonly isForeign: boolean
  /** Of our chain, e.g. `kelips/1`. */
  readonly overlay: string | undefined
}

/** What peers have said of themselves, those of late. */
export class Introductions {
  private readonly names: ChainNames
  private readonly known = new BoundedMap<string, Introduction>(MAX_KNOWN_PEERS)

  constructor(names: ChainNames) {
    this.names = names
  }

  take({ peerId, protocols, agentVersion }: IdentifyResult): Introduction {
    const speaksSync = protocols.includes(this.names.sync)
    const introduction = {
      agent: agentVersion ?? '',
      speaksSync,
      isForeign: !speaksSync && protocols.some(protocol => ANY_SYNC_PROTOCOL.test(protocol)),
      overlay: overlayAmong(protocols, this.names),
    }
    this.known.set(peerId.toString(), introduction)
    return introduction
  }

  of(peerId: string): Introduction | undefined {
    return this.known.get(peerId)
  }
}
