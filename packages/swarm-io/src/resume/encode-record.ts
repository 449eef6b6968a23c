import { utf8Encode } from '@onehop/primitives'
import { type Bencoded, type BencodedDictionary, encodeBencode, PRIORITY_RANK } from '@onehop/swarm'
import type { RateLimits, SeedingGoals } from '../session-types.ts'
import type { Placement } from '../storage/file-places.ts'
import type { TorrentCounters, TorrentSettings } from '../torrent/torrent-settings.ts'
import type { ContentRecord, ResumeRecord } from './resume-record.ts'

/** What is written today; older ones are read, newer ones are refused. */
export const RESUME_FORMAT = 2

/** A resume file's bytes. */
export function encodeRecord(record: ResumeRecord): Uint8Array {
  return encodeBencode(
    dictionary({
      format: RESUME_FORMAT,
      infohash: record.infohash,
      'infohash v2': record.infohashV2,
      info: record.info?.bytes,
      'piece layers': record.layers && [...record.layers.entries()].map(([root, layer]) => [root, layer]),
      settings: encodeSettings(record.settings),
      counters: encodeCounters(record.counters),
      reason: text(record.reason),
      content: record.content && encodeContent(record.content),
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
    stamps: content.stamps.map(stamp => utf8Encode(stamp ? `${stamp.size} ${stamp.mtimeNs}` : '')),
  })
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
