import { OK, type Sha256, type Verdict } from '@onehop/primitives'
import type { PeerKey } from '../machine/peer-state.ts'
import { HASH_SERVINGS_PER_PEER, MAX_HASHES_PER_MESSAGE } from '../metainfo/limits.ts'
import { MERKLE_HASH_BYTES } from '../metainfo/merkle.ts'
import type { PieceLayers } from '../metainfo/piece-layers.ts'
import { pieceCount, type TorrentInfo } from '../metainfo/torrent-info.ts'
import type { HashRange, WireMessage } from '../wire/wire-messages.ts'
import { type HashEnvironment, HashFetch, type HashPeer } from './hash-fetch.ts'
import type { HashAnswer } from './hash-ranges.ts'
import { HashServer } from './hash-server.ts'

/** A message of BEP 52's about hashes. */
export type HashMessage = Extract<WireMessage, { type: 'hashRequest' | 'hashes' | 'hashReject' }>

/**
 * The hashes of the pieces of v2's files: fetches those that are missing, and serves those that are known, of one
 * torrent whose info dictionary is known.
 */
export class HashExchange {
  private readonly layers: PieceLayers
  private readonly environment: HashEnvironment
  private readonly peers: ReadonlyMap<PeerKey, HashPeer>
  private readonly fetch: HashFetch
  private readonly server: HashServer
  /** Hashes that each peer was sent, with those that prove them. */
  private readonly served = new Map<PeerKey, number>()
  private readonly maxServed: number

  constructor(
    info: TorrentInfo,
    layers: PieceLayers,
    environment: HashEnvironment,
    peers: ReadonlyMap<PeerKey, HashPeer>,
    sha256: Sha256,
  ) {
    this.layers = layers
    this.environment = environment
    this.peers = peers
    this.fetch = new HashFetch(info, layers, environment, sha256)
    this.server = new HashServer(info, layers, sha256)
    this.maxServed = HASH_SERVINGS_PER_PEER * (pieceCount(info) + MAX_HASHES_PER_MESSAGE)
  }

  /** Asks for what is missing. Call while content is wanted: when a peer has told what it has, and every tick. */
  advance(): void {
    if (!this.layers.isComplete) this.fetch.advance(this.peers.values())
  }

  /** After hashes were taken, {@link PieceLayers.isKnown} may be true of more files. */
  onMessage(peer: HashPeer, message: HashMessage): Verdict {
    switch (message.type) {
      case 'hashRequest':
        this.onRequest(peer, message)
        return OK
      case 'hashReject':
        this.fetch.onReject(peer, message)
        return OK
      case 'hashes': {
        const verdict = this.fetch.onHashes(peer, message)
        if (verdict.ok) this.advance()
        return verdict
      }
    }
  }

  private onRequest(peer: HashPeer, { piecesRoot, baseLayer, index, length, proofLayers }: HashRange): void {
    const range = { piecesRoot: piecesRoot.slice(), baseLayer, index, length, proofLayers }
    const served = this.served.get(peer.key) ?? 0
    const answer: HashAnswer =
      served < this.maxServed ? this.server.answer(range) : { type: 'hashReject', ...range }
    if (answer.type === 'hashes') this.served.set(peer.key, served + answer.hashes.length / MERKLE_HASH_BYTES)
    this.environment.send(peer.key, answer)
  }

  onPeerGone(peer: HashPeer): void {
    this.fetch.onPeerGone(peer)
    this.served.delete(peer.key)
  }
}
