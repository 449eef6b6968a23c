import { bytesKey, invalid, OK, type Sha256, type Verdict } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import { BLOCK_BYTES } from '../limits.ts'
import type { PeerKey } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import { HASH_REQUESTS_PER_PEER, HASH_TIMEOUT_MS } from '../metainfo/limits.ts'
import { isProven, MERKLE_HASH_BYTES, merkleRoot, paddingHash } from '../metainfo/merkle.ts'
import { layerSize, type PieceLayers } from '../metainfo/piece-layers.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import type { HashRange } from '../wire/wire-messages.ts'
import { type HashesMessage, rangesOfFile, uncleCount } from './hash-ranges.ts'

/** What is needed of the world to exchange hashes. */
export type HashEnvironment = Pick<TorrentEnvironment, 'now' | 'send'>

/** A peer who may be asked for hashes. */
export interface HashPeer {
  readonly key: PeerKey
  /** What it has; undefined until that can be said. */
  readonly have: Bitfield | undefined
  /** Whether it knows version 2 of a hybrid: others do not know the message. */
  readonly v2: boolean
}

/** The hashes of a file's pieces, as they come. */
interface PartialLayer {
  readonly layer: Uint8Array
  missingRanges: number
}

interface Asked {
  readonly peer: PeerKey
  readonly range: HashRange
  readonly atMs: number
}

/**
 * Fetches the hashes of the pieces of v2's files, 512 at a time from whoever has pieces. Each answer proves itself
 * against the file's root, so that a wrong one has exactly one author.
 */
export class HashFetch {
  private readonly layers: PieceLayers
  private readonly environment: HashEnvironment
  private readonly sha256: Sha256
  private readonly isHybrid: boolean
  /** Not asked for yet, the next one last. */
  private readonly pending: HashRange[] = []
  private readonly partial = new Map<string, PartialLayer>()
  private readonly asked = new Map<string, Asked>()
  /** Those who did not answer, or said no: when to ask them again. */
  private readonly passedOverUntilMs = new Map<PeerKey, number>()
  /** In place of the hashes of pieces after the end of a file. */
  private readonly padding: Uint8Array

  constructor(info: TorrentInfo, layers: PieceLayers, environment: HashEnvironment, sha256: Sha256) {
    this.layers = layers
    this.environment = environment
    this.sha256 = sha256
    this.isHybrid = info.version === 'hybrid'
    this.padding = paddingHash(info.pieceLengthBytes / BLOCK_BYTES, sha256)
    for (const file of info.files) {
      const key = file.piecesRoot && bytesKey(file.piecesRoot)
      if (key === undefined || layers.isKnown(file) || this.partial.has(key)) continue
      const ranges = rangesOfFile(file, info)
      const layer = new Uint8Array(layerSize(file, info) * MERKLE_HASH_BYTES)
      this.partial.set(key, { layer, missingRanges: ranges.length })
      this.pending.push(...ranges)
    }
    this.pending.reverse()
  }

  /** Whether all hashes are known. */
  get isDone(): boolean {
    return this.partial.size === 0
  }

  /** Asks whoever may answer for what nobody is asked for. */
  advance(peers: Iterable<HashPeer>): void {
    if (this.isDone) return
    this.passOverSilent()
    for (const peer of peers) {
      if (this.pending.length === 0) return
      if (this.mayAsk(peer)) this.ask(peer)
    }
  }

  private mayAsk(peer: HashPeer): boolean {
    if (this.isHybrid && !peer.v2) return false
    const untilMs = this.passedOverUntilMs.get(peer.key)
    return (untilMs === undefined || untilMs <= this.environment.now()) && (peer.have?.count ?? 0) > 0
  }

  private ask(peer: HashPeer): void {
    let room = HASH_REQUESTS_PER_PEER
    for (const asked of this.asked.values()) if (asked.peer === peer.key) room--
    for (; room > 0; room--) {
      const range = this.pending.pop()
      if (range === undefined) return
      this.asked.set(keyOf(range), { peer: peer.key, range, atMs: this.environment.now() })
      this.environment.send(peer.key, { type: 'hashRequest', ...range })
    }
  }

  private passOverSilent(): void {
    const now = this.environment.now()
    for (const { peer, atMs } of [...this.asked.values()]) {
      if (now - atMs >= HASH_TIMEOUT_MS) this.passOver(peer)
    }
  }

  private passOver(peer: PeerKey): void {
    this.takeBack(peer)
    this.passedOverUntilMs.set(peer, this.environment.now() + HASH_TIMEOUT_MS)
  }

  private takeBack(peer: PeerKey): void {
    for (const [key, asked] of this.asked) {
      if (asked.peer !== peer) continue
      this.asked.delete(key)
      this.pending.push(asked.range)
    }
  }

  onPeerGone(peer: HashPeer): void {
    this.takeBack(peer.key)
    this.passedOverUntilMs.delete(peer.key)
  }

  /** What was not asked of this peer, or is too late, is ignored. */
  onReject(peer: HashPeer, range: HashRange): void {
    if (this.asked.get(keyOf(range))?.peer === peer.key) this.passOver(peer.key)
  }

  /** What was not asked of this peer, or is too late, is ignored. */
  onHashes(peer: HashPeer, message: HashesMessage): Verdict {
    const key = keyOf(message)
    if (this.asked.get(key)?.peer !== peer.key) return OK
    if (!this.isGenuine(message)) return invalid('corrupt-hashes')
    this.asked.delete(key)
    this.keep(message)
    return OK
  }

  private isGenuine(message: HashesMessage): boolean {
    const { hashes, length, index, piecesRoot } = message
    const uncles = uncleCount(message)
    if (hashes.length !== (length + uncles) * MERKLE_HASH_BYTES) return false
    const own = hashes.subarray(0, length * MERKLE_HASH_BYTES)
    const proof = Array.from({ length: uncles }, (_, i) =>
      hashes.subarray((length + i) * MERKLE_HASH_BYTES, (length + i + 1) * MERKLE_HASH_BYTES),
    )
    const node = merkleRoot(own, length, this.sha256, this.padding)
    return isProven(node, index / length, proof, piecesRoot, this.sha256)
  }

  private keep({ hashes, length, index, piecesRoot }: HashesMessage): void {
    const key = bytesKey(piecesRoot)
    const partial = this.partial.get(key)!
    const at = index * MERKLE_HASH_BYTES
    partial.layer.set(hashes.subarray(0, Math.min(length * MERKLE_HASH_BYTES, partial.layer.length - at)), at)
    if (--partial.missingRanges > 0) return
    this.partial.delete(key)
    this.layers.add(piecesRoot.slice(), partial.layer)
  }
}

function keyOf({ piecesRoot, baseLayer, index, length, proofLayers }: HashRange): string {
  return `${bytesKey(piecesRoot)}${baseLayer}.${index}.${length}.${proofLayers}`
}
