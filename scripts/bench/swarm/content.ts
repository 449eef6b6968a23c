import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '@onehop/primitives'
import { createInfo, encodeTorrentFile } from '@onehop/swarm'

const PIECE_BYTES = 256 * 1024
const CHUNK_BYTES = 8 * 1024 * 1024

/** What is transferred: one file of bytes that cannot be compressed, and its .torrent file. */
export interface BenchContent {
  /** Of the folder that holds the file. */
  readonly folder: string
  /** Of the file in it. */
  readonly name: string
  readonly torrentPath: string
  readonly lengthBytes: number
}

const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest())

/** The content of this length; it is made once and stays for later runs. */
export function benchContent(lengthBytes: number): BenchContent {
  const folder = join(tmpdir(), 'onehop-bench-swarm', `${lengthBytes}`)
  const name = 'content'
  const torrentPath = `${folder}.torrent`
  const content = { folder, name, torrentPath, lengthBytes }
  if (existsSync(torrentPath)) return content
  mkdirSync(folder, { recursive: true })
  writeContent(join(folder, name), lengthBytes)
  const info = createInfo(
    { name, lengthBytes, pieceLengthBytes: PIECE_BYTES, pieceHashes: pieceHashesOf(join(folder, name)) },
    sha1,
  )
  if (!info.ok) throw new Error(info.detail ?? info.code)
  writeFileSync(`${torrentPath}.new`, encodeTorrentFile({ info: info.value, trackers: [] }))
  renameSync(`${torrentPath}.new`, torrentPath)
  return content
}

/** One chunk of noise over and over, with its place in front: no two pieces are the same. */
function writeContent(path: string, lengthBytes: number): void {
  const random = new SeededRandom(6)
  const words = new Uint32Array(CHUNK_BYTES / 4).map(() => random.nextUint32())
  const file = openSync(path, 'w')
  for (let at = 0; at < lengthBytes; at += CHUNK_BYTES) {
    for (let word = 0; word < words.length; word += 4096) words[word] = at + word
    writeSync(file, words, 0, Math.min(CHUNK_BYTES, lengthBytes - at))
  }
  closeSync(file)
}

function pieceHashesOf(path: string): Uint8Array {
  const hashes: Uint8Array[] = []
  const file = openSync(path, 'r')
  const piece = new Uint8Array(PIECE_BYTES)
  for (let length = readSync(file, piece); length > 0; length = readSync(file, piece))
    hashes.push(sha1(piece.subarray(0, length)))
  closeSync(file)
  return new Uint8Array(Buffer.concat(hashes))
}

/**
 * Writes as much as the content to a file that is gone again. Where a machine gives memory to its guests when they first
 * touch it, whoever comes first would pay for that, and who comes next would not.
 */
export function touchPageCache(lengthBytes: number): void {
  const path = join(tmpdir(), 'onehop-bench-swarm', `touched-${process.pid}`)
  const zeros = new Uint8Array(CHUNK_BYTES)
  const file = openSync(path, 'w')
  for (let at = 0; at < lengthBytes; at += CHUNK_BYTES) writeSync(file, zeros)
  closeSync(file)
  rmSync(path)
}

/** Whether a file holds the content. */
export function holdsContent(path: string, content: BenchContent): boolean {
  return readFileSync(path).equals(readFileSync(join(content.folder, content.name)))
}
