import { sha1, utf8Encode } from '@onehop/primitives'
import { type Bencoded, encodeBencode, parseInfo, pieceCountOf, type TorrentInfo } from '@onehop/swarm'
import { contentOf } from './virtual-swarm.ts'

/** A file of a test torrent; `padding` is zeros (BEP 47). */
export interface TestFile {
  readonly name: string
  readonly bytes: number
  readonly isPadding?: boolean
}

/** A v1 torrent of several files, one after the other, and its stream of pieces. */
export function torrentOfFiles(files: readonly TestFile[], pieceLengthBytes: number) {
  const lengthBytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const content = contentOf(lengthBytes, 1)
  let at = 0
  for (const { bytes, isPadding } of files) {
    if (isPadding) content.fill(0, at, at + bytes)
    at += bytes
  }
  return { content, info: infoOf(files, content, pieceLengthBytes) }
}

/** The info dictionary of such a torrent. */
export function infoOf(
  files: readonly TestFile[],
  content: Uint8Array,
  pieceLengthBytes: number,
): TorrentInfo {
  const pieces = pieceCountOf(content.length, pieceLengthBytes)
  const hashes = new Uint8Array(20 * pieces)
  for (let piece = 0; piece < pieces; piece++) {
    const start = piece * pieceLengthBytes
    hashes.set(sha1(content.subarray(start, start + pieceLengthBytes)), 20 * piece)
  }
  const list = files.map(
    ({ name, bytes, isPadding }): Bencoded =>
      new Map<string, Bencoded>([
        ['length', bytes],
        ['path', (isPadding ? ['.pad', name] : [name]).map(utf8Encode)],
        ...(isPadding ? ([['attr', utf8Encode('p')]] as const) : []),
      ]),
  )
  const dictionary = new Map<string, Bencoded>([
    ['files', list],
    ['name', utf8Encode('folder')],
    ['piece length', pieceLengthBytes],
    ['pieces', hashes],
  ])
  const parsed = parseInfo(encodeBencode(dictionary), sha1)
  if (!parsed.ok) throw new Error(`${parsed.code} ${parsed.detail}`)
  return parsed.value
}
