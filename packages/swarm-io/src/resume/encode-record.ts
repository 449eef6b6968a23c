import { utf8Encode } from '@onehop/primitives'
import { type Bencoded, type BencodedDictionary, encodeBencode, PRIORITY_RANK } from '@onehop/swarm'
import type { RateLimits, SeedingGoals } from '../session-types.ts'
import type { Placement } from '../storage/file-places.ts'
import type { FileStamps } from '../storage/file-stamps.ts'
import type { TorrentCounters, TorrentSettings } from '../torrent/torrent-settings.ts'
import { NO_STAMP, STAMP_BYTES } from './fields.ts'
import type { ContentRecord, ResumeRecord } from './resume-record.ts'

/** What is written today; older ones are read, newer ones are refused. */
export const RESUME_FORMAT = 3

/** What changes as a torrent is fetched: a resume file's bytes. */
export function encodeRecord(record: ResumeRecord): Uint8Array {
  return encodeBencode(
    dictionary({
      format: RESUME_FORMAT,
      infohash: record.infohash,
      'infohash v2': record.infohashV2,
      described: Number(record.info !== undefined),
      settings: encodeSettings(record.settings),
      counters: encodeCounters(record.counters),
      reason: text(record.reason),
      content: record.content && encodeContent(record.content),
    }),
  )
}

/** What does not change, which may be megabytes: the bytes of the file beside it. */
export function encodeDescription({ info, layers }: Pick<ResumeRecord, 'info' | 'layers'>): Uint8Array {
  return encodeBencode(
    dictionary({
      info: info?.bytes,
      'piece layers': layers && [...layers.entries()].map(([root, layer]) => [root, layer]),
    }),
  )
}

function encodeSettings(settings: Readonly<TorrentSettings>): BencodedDictionary {
  const { target, priorities } = settings
  return dictionary({
    paused: Number(settings.isPaused),
    sequential: Number(settings.isSequential),
    limits: encodeLimits(settings.limits),
    priorities: priorities && Uint8Array.from(priorities, priority => PRIORITY_RANK[priority]),
    'output path': target && 'outputPath' in target ? text(target.outputPath) : undefined,
    'output dir': target && 'outputDir' in target ? text(target.outputDir) : undefined,
    trackers: settings.trackers.map(tier => tier.map(utf8Encode)),
    peers: settings.peers.map(({ host, port }) => [utf8Encode(host), port]),
    name: text(settings.displayName),
    words: settings.words?.map(utf8Encode),
    comment: text(settings.comment),
  })
}

function encodeLimits(limits: Readonly<RateLimits & SeedingGoals>): BencodedDictionary {
  return dictionary({
    download: number(limits.downloadBytesPerSecond),
    upload: number(limits.uploadBytesPerSecond),
    ratio: number(limits.seedRatio),
    minutes: number(limits.seedMinutes),
  })
}

function encodeCounters(counters: Readonly<TorrentCounters>): BencodedDictionary {
  return dictionary({
    uploaded: counters.uploadedBytes,
    downloaded: counters.downloadedBytes,
    'seeding ms': Math.round(counters.seedingMs),
  })
}

function encodeContent(content: ContentRecord): BencodedDictionary {
  return dictionary({
    placement: encodePlacement(content.placement),
    former: content.former && encodePlacement(content.former),
    finished: Number(content.isFinished),
    have: content.have.toBytes(),
    stamps: encodeStamps(content.stamps),
  })
}

/** 8 bytes for the size and 8 for the time: there may be 65,536 files, and a checkpoint every two seconds. */
function encodeStamps(stamps: FileStamps): Uint8Array {
  const view = new DataView(new ArrayBuffer(stamps.length * STAMP_BYTES))
  for (const [i, stamp] of stamps.entries()) {
    view.setBigInt64(i * STAMP_BYTES, stamp ? BigInt(stamp.size) : NO_STAMP)
    view.setBigInt64(i * STAMP_BYTES + 8, stamp?.mtimeNs ?? 0n)
  }
  return new Uint8Array(view.buffer)
}

function encodePlacement({ path, renamed }: Placement): BencodedDictionary {
  return dictionary({
    path: utf8Encode(path),
    renamed: [...renamed].map(([file, below]) => [file, below.map(utf8Encode)]),
  })
}

/** Leaves out what is undefined. */
function dictionary(entries: Readonly<Record<string, Bencoded | undefined>>): BencodedDictionary {
  return new Map(
    Object.entries(entries).filter((entry): entry is [string, Bencoded] => entry[1] !== undefined),
  )
}

function text(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : utf8Encode(value)
}

/** As text: bencoding has whole numbers only. */
function number(value: number | undefined): Uint8Array | undefined {
  return text(value === undefined ? undefined : String(value))
}
