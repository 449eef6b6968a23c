import { DecodeError, utf8Decode } from '@onehop/primitives'
import {
  type Bencoded,
  type BencodedDictionary,
  Bitfield,
  decodeBencode,
  expectBytes,
  expectDictionary,
  expectInteger,
  expectList,
  type FilePriority,
  type InfoHash,
  infoKnownAs,
  isInfohashOf,
  PieceLayers,
  PRIORITY_RANK,
  pieceCount,
  type TorrentInfo,
  toInfoHash,
} from '@onehop/swarm'
import { sha256Now } from '../piece-hash.ts'
import type { FetchTarget, RateLimits, SeedingGoals } from '../session-types.ts'
import type { Placement } from '../storage/file-places.ts'
import type { FileStamp, FileStamps } from '../storage/file-stamps.ts'
import type { TorrentCounters, TorrentSettings } from '../torrent/torrent-settings.ts'
import { RESUME_FORMAT } from './encode-record.ts'
import { optional, present, readInfo, readNanoseconds, readStamps, readText, readTexts } from './fields.ts'
import { readFormat1 } from './format-1.ts'
import type { ContentRecord, ResumeRecord } from './resume-record.ts'

/**
 * @param description bytes of the file beside it, where there is one.
 * @throws {DecodeError} when the bytes are no resume file, or one of a newer version.
 */
export function decodeRecord(bytes: Uint8Array, description?: Uint8Array): ResumeRecord {
  const dictionary = expectDictionary(decodeBencode(bytes), 'the resume file')
  const format = expectInteger(dictionary.get('format'), 'format')
  if (format === 1) return readFormat1(dictionary)
  // All of format 2 was in one file.
  if (format === 2) return readRecord(dictionary, dictionary)
  if (format !== RESUME_FORMAT) throw new DecodeError('the file was written by a newer version')
  if (expectInteger(dictionary.get('described'), 'described') === 0) return readRecord(dictionary, new Map())
  if (description === undefined) throw new DecodeError('the file with its info dictionary is missing')
  return readRecord(dictionary, expectDictionary(decodeBencode(description), 'the description'))
}

function readRecord(dictionary: BencodedDictionary, described: BencodedDictionary): ResumeRecord {
  const infohash = toInfoHash(expectBytes(dictionary.get('infohash'), 'infohash'))
  const info = optional(described.get('info'), value => readInfoOf(infohash, value))
  const content = dictionary.get('content')
  return {
    infohash,
    settings: readSettings(expectDictionary(dictionary.get('settings'), 'settings')),
    counters: readCounters(expectDictionary(dictionary.get('counters'), 'counters')),
    ...present(
      'infohashV2',
      optional(dictionary.get('infohash v2'), value => expectBytes(value, 'infohash v2')),
    ),
    ...present('info', info),
    ...present('layers', info && optional(described.get('piece layers'), value => readLayers(value, info))),
    ...present('reason', optional(dictionary.get('reason'), readText)),
    ...present('content', info && optional(content, value => readContent(value, info))),
  }
}

/** A hybrid is known by the one of its infohashes that it was fetched by: its part folder bears that. */
function readInfoOf(infohash: InfoHash, value: Bencoded): TorrentInfo {
  const info = readInfo(value)
  if (!isInfohashOf(infohash, info)) throw new DecodeError('the info is of another torrent')
  return infoKnownAs(info, infohash)
}

function readLayers(value: Bencoded, info: TorrentInfo): PieceLayers {
  const layers = new PieceLayers(info, sha256Now)
  for (const entry of expectList(value, 'piece layers')) {
    const [root, layer] = expectList(entry, 'a piece layer')
    layers.add(expectBytes(root, 'a root'), expectBytes(layer, 'a layer'))
  }
  return layers
}

function readSettings(dictionary: BencodedDictionary): TorrentSettings {
  return {
    isPaused: expectInteger(dictionary.get('paused'), 'paused') === 1,
    isSequential: expectInteger(dictionary.get('sequential'), 'sequential') === 1,
    limits: readLimits(expectDictionary(dictionary.get('limits'), 'limits')),
    priorities: optional(dictionary.get('priorities'), readPriorities),
    target: readTarget(dictionary),
    trackers: expectList(dictionary.get('trackers'), 'trackers').map(readTexts),
    peers: expectList(dictionary.get('peers'), 'peers').map(readPeer),
    displayName: optional(dictionary.get('name'), readText),
    words: optional(dictionary.get('words'), readTexts),
    comment: optional(dictionary.get('comment'), readText),
  }
}

function readTarget(dictionary: BencodedDictionary): FetchTarget | undefined {
  const outputPath = optional(dictionary.get('output path'), readText)
  const outputDir = optional(dictionary.get('output dir'), readText)
  if (outputPath !== undefined) return { outputPath }
  return outputDir === undefined ? undefined : { outputDir }
}

function readLimits(dictionary: BencodedDictionary): RateLimits & SeedingGoals {
  return {
    ...present('downloadBytesPerSecond', optional(dictionary.get('download'), readNumber)),
    ...present('uploadBytesPerSecond', optional(dictionary.get('upload'), readNumber)),
    ...present('seedRatio', optional(dictionary.get('ratio'), readNumber)),
    ...present('seedMinutes', optional(dictionary.get('minutes'), readNumber)),
  }
}

function readPriorities(value: Bencoded): FilePriority[] {
  const byRank = new Map(Object.entries(PRIORITY_RANK).map(([name, rank]) => [rank, name as FilePriority]))
  return Array.from(expectBytes(value, 'priorities'), rank => {
    const priority = byRank.get(rank)
    if (priority === undefined) throw new DecodeError('there is no such priority')
    return priority
  })
}

function readPeer(value: Bencoded): { host: string; port: number } {
  const [host, port] = expectList(value, 'a peer')
  return { host: utf8Decode(expectBytes(host, 'a host')), port: expectInteger(port, 'a port') }
}

function readCounters(dictionary: BencodedDictionary): TorrentCounters {
  return {
    uploadedBytes: expectInteger(dictionary.get('uploaded'), 'uploaded'),
    downloadedBytes: expectInteger(dictionary.get('downloaded'), 'downloaded'),
    seedingMs: expectInteger(dictionary.get('seeding ms'), 'seeding ms'),
  }
}

function readContent(value: Bencoded, info: TorrentInfo): ContentRecord {
  const dictionary = expectDictionary(value, 'content')
  return {
    placement: readPlacement(dictionary.get('placement')!),
    ...present('former', optional(dictionary.get('former'), readPlacement)),
    isFinished: expectInteger(dictionary.get('finished'), 'finished') === 1,
    have: Bitfield.parse(expectBytes(dictionary.get('have'), 'have'), pieceCount(info)),
    stamps: readAnyStamps(dictionary.get('stamps')),
  }
}

function readPlacement(value: Bencoded): Placement {
  const dictionary = expectDictionary(value, 'a placement')
  const renamed = expectList(dictionary.get('renamed'), 'renamed').map((entry): [number, string[]] => {
    const [file, below] = expectList(entry, 'a renamed file')
    return [expectInteger(file, 'a file'), readTexts(below!)]
  })
  return { path: readText(dictionary.get('path')!), renamed: new Map(renamed) }
}

/** Bytes; in format 2 a list of texts. */
function readAnyStamps(value: Bencoded | undefined): FileStamps {
  return value instanceof Uint8Array ? readStamps(value) : expectList(value, 'stamps').map(readStamp)
}

function readStamp(value: Bencoded): FileStamp | undefined {
  const text = readText(value)
  if (text === '') return undefined
  const [size, mtime] = text.split(' ')
  return { size: readInteger(size), mtimeNs: readNanoseconds(mtime) }
}

function readInteger(text: string | undefined): number {
  if (text === undefined || !/^\d{1,16}$/.test(text)) throw new DecodeError('a size is not a number')
  return Number(text)
}

function readNumber(value: Bencoded): number {
  const number = Number(readText(value))
  if (!Number.isFinite(number) || number < 0) throw new DecodeError('a limit is not a number')
  return number
}
