import { BLOCK_BYTES } from '../limits.ts'
import { MAX_HASHES_PER_MESSAGE } from '../metainfo/limits.ts'
import { nextPowerOfTwo } from '../metainfo/merkle.ts'
import { layerSize, needsLayer } from '../metainfo/piece-layers.ts'
import type { ContentFile, TorrentInfo } from '../metainfo/torrent-info.ts'
import type { HashRange, WireMessage } from '../wire/wire-messages.ts'

/** Hashes as they were asked for, with what proves them. */
export type HashesMessage = Extract<WireMessage, { type: 'hashes' }>

/** What a request for hashes is answered by. */
export type HashAnswer = HashesMessage | ({ readonly type: 'hashReject' } & HashRange)

/** The layer of a tree that holds the hashes of pieces, counted from that of blocks. */
export function pieceLayerOf(info: TorrentInfo): number {
  return Math.log2(info.pieceLengthBytes / BLOCK_BYTES)
}

/** The requests that fetch the hashes of all pieces of a file, each with all that proves them. */
export function rangesOfFile(file: ContentFile, info: TorrentInfo): HashRange[] {
  if (!needsLayer(file, info)) return []
  const size = layerSize(file, info)
  const width = nextPowerOfTwo(size)
  const length = Math.min(width, MAX_HASHES_PER_MESSAGE)
  const common = { piecesRoot: file.piecesRoot!, baseLayer: pieceLayerOf(info), length }
  // The root is known, so that the highest layer in a proof is the one below it.
  const proofLayers = Math.log2(width) - 1
  return Array.from({ length: Math.ceil(size / length) }, (_, i) => ({
    ...common,
    index: i * length,
    proofLayers,
  }))
}

/**
 * How many uncle hashes follow the hashes of a range: those that can be computed from the hashes themselves are left
 * out (BEP 52).
 */
export function uncleCount({ length, proofLayers }: HashRange): number {
  return Math.max(0, proofLayers - Math.log2(length) + 1)
}
