import { DecodeError, utf8Decode } from '@onehop/primitives'
import {
  type BencodedDictionary,
  Bitfield,
  expectBytes,
  expectInteger,
  pieceCount,
  type TorrentInfo,
} from '@onehop/swarm'
import type { FileStamp, FileStamps } from '../storage/file-stamps.ts'
import { defaultSettings } from '../torrent/torrent-settings.ts'
import { readInfo, readNanoseconds, readTexts } from './fields.ts'
import type { ResumeRecord } from './resume-record.ts'

/**
 * What was written before there were settings: one file, complete or not. A fetch that was interrupted waited to be
 * asked for again, so it is paused.
 * @throws {DecodeError}
 */
export function readFormat1(dictionary: BencodedDictionary): ResumeRecord {
  const info = dictionary.get('info')
  if (info === undefined) throw new DecodeError('info is missing')
  return recordOf(readInfo(info), dictionary)
}

function recordOf(info: TorrentInfo, dictionary: BencodedDictionary): ResumeRecord {
  const stamp = readStamp(dictionary)
  const words = dictionary.get('words')
  return {
    infohash: info.infohash,
    info,
    settings: {
      ...defaultSettings(),
      isPaused: stamp === undefined,
      words: words === undefined ? undefined : readTexts(words),
    },
    counters: {
      uploadedBytes: expectInteger(dictionary.get('uploaded'), 'uploaded'),
      downloadedBytes: expectInteger(dictionary.get('downloaded'), 'downloaded'),
      seedingMs: 0,
    },
    content: {
      placement: { path: utf8Decode(expectBytes(dictionary.get('path'), 'path')), renamed: new Map() },
      isFinished: stamp !== undefined,
      have: Bitfield.parse(expectBytes(dictionary.get('have'), 'have'), pieceCount(info)),
      stamps: stamp === undefined ? [] : ([stamp] satisfies FileStamps),
    },
  }
}

function readStamp(dictionary: BencodedDictionary): FileStamp | undefined {
  const mtime = dictionary.get('mtime ns')
  if (mtime === undefined) return undefined
  return {
    size: expectInteger(dictionary.get('size'), 'size'),
    mtimeNs: readNanoseconds(utf8Decode(expectBytes(mtime, 'mtime ns'))),
  }
}
