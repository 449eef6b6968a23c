import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { attemptDecode, bytesToHex, DecodeError, utf8Decode, utf8Encode } from '@onehop/primitives'
import {
  type Bencoded,
  Bitfield,
  decodeBencode,
  encodeBencode,
  expectBytes,
  expectDictionary,
  expectInteger,
  parseInfo,
  pieceCount,
  type TorrentInfo,
} from '@onehop/swarm'
import { writeFileAtomically } from './atomic-file.ts'
import type { FileStamp } from './hash-file.ts'
import { MAX_RESUME_FILE_BYTES } from './limits.ts'
import { sha1Now } from './piece-hash.ts'
import { swarmErrorOf } from './swarm-error.ts'

/** What of a torrent survives a restart. */
export interface ResumeRecord {
  readonly info: TorrentInfo
  /** Where the content is, or will be. */
  readonly path: string
  /** The part file of an unfinished fetch. */
  readonly partPath?: string
  /** Pieces whose bytes were synced before this was written. */
  readonly have: Bitfield
  /** The complete file as it was verified. */
  readonly stamp?: FileStamp
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  /** What its publisher wants it to be found by, where he said so. */
  readonly words?: readonly string[]
}

const FORMAT = 1
const ENDING = '.resume'

/** The resume files of a session: one a torrent, bencoded, named by infohash, replaced atomically. */
export class ResumeStore {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  async save(record: ResumeRecord): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true })
      await writeFileAtomically(this.pathOf(record.info.infohash), encodeRecord(record))
    } catch (error) {
      throw swarmErrorOf(error, `write to ${this.folder}`)
    }
  }

  /** Forgets the record. @throws {SwarmError} when it cannot: it would be back after a restart. */
  async remove(infohash: Uint8Array): Promise<void> {
    try {
      await rm(this.pathOf(infohash), { force: true })
    } catch (error) {
      throw swarmErrorOf(error, `write to ${this.folder}`)
    }
  }

  /**
   * All records. A file that cannot be read back is passed over, and told to `onDamaged`: its torrent is lost, its
   * content is not.
   * @throws {SwarmError} when the folder cannot be read.
   */
  async load(onDamaged: (path: string, reason: string) => void): Promise<ResumeRecord[]> {
    const names = await this.fileNames()
    const records: ResumeRecord[] = []
    for (const name of names) {
      const path = join(this.folder, name)
      const result = await readRecord(path).catch((error: unknown) => String(error))
      if (typeof result === 'string') onDamaged(path, result)
      else records.push(result)
    }
    return records
  }

  private async fileNames(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter(name => name.endsWith(ENDING)).sort()
    } catch (error) {
      // The folder is made when something is noted for the first time.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw swarmErrorOf(error, `read ${this.folder}`)
    }
  }

  private pathOf(infohash: Uint8Array): string {
    return join(this.folder, `${bytesToHex(infohash)}${ENDING}`)
  }
}

async function readRecord(path: string): Promise<ResumeRecord | string> {
  if ((await stat(path)).size > MAX_RESUME_FILE_BYTES) return 'the file is too large'
  const bytes = new Uint8Array(await readFile(path))
  const decoded = attemptDecode('bad-resume-file', () => decodeRecord(bytes))
  return decoded.ok ? decoded.value : (decoded.detail ?? decoded.code)
}

function encodeRecord(record: ResumeRecord): Uint8Array {
  const dictionary = new Map<string, Bencoded>([
    ['format', FORMAT],
    ['info', record.info.bytes],
    ['path', utf8Encode(record.path)],
    ['have', record.have.toBytes()],
    ['uploaded', record.uploadedBytes],
    ['downloaded', record.downloadedBytes],
  ])
  if (record.partPath !== undefined) dictionary.set('part path', utf8Encode(record.partPath))
  if (record.stamp) {
    dictionary.set('size', record.stamp.size)
    dictionary.set('mtime ns', utf8Encode(String(record.stamp.mtimeNs)))
  }
  if (record.words !== undefined) dictionary.set('words', record.words.map(utf8Encode))
  return encodeBencode(dictionary)
}

function decodeRecord(bytes: Uint8Array): ResumeRecord {
  const dictionary = expectDictionary(decodeBencode(bytes), 'the resume file')
  if (expectInteger(dictionary.get('format'), 'format') !== FORMAT) {
    throw new DecodeError('the file was written by a newer version')
  }
  const info = parseInfo(expectBytes(dictionary.get('info'), 'info'), sha1Now)
  if (!info.ok) throw new DecodeError(info.detail ?? info.code)
  const partPath = dictionary.get('part path')
  const mtime = dictionary.get('mtime ns')
  const words = dictionary.get('words')
  return {
    info: info.value,
    path: utf8Decode(expectBytes(dictionary.get('path'), 'path')),
    ...(partPath === undefined ? {} : { partPath: utf8Decode(expectBytes(partPath, 'part path')) }),
    have: Bitfield.parse(expectBytes(dictionary.get('have'), 'have'), pieceCount(info.value)),
    ...(mtime === undefined
      ? {}
      : { stamp: readStamp(expectInteger(dictionary.get('size'), 'size'), expectBytes(mtime, 'mtime ns')) }),
    uploadedBytes: expectInteger(dictionary.get('uploaded'), 'uploaded'),
    downloadedBytes: expectInteger(dictionary.get('downloaded'), 'downloaded'),
    ...(words === undefined ? {} : { words: readWords(words) }),
  }
}

function readWords(words: Bencoded): string[] {
  if (!Array.isArray(words)) throw new DecodeError('words is not a list')
  return words.map(word => utf8Decode(expectBytes(word, 'a word')))
}

function readStamp(size: number, mtime: Uint8Array): FileStamp {
  const text = utf8Decode(mtime)
  if (!/^-?\d{1,20}$/.test(text)) throw new DecodeError('mtime is not a number')
  return { size, mtimeNs: BigInt(text) }
}
