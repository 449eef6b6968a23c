import { type Bitfield, type PieceLayers, piecePriorities, type TorrentInfo } from '@onehop/swarm'
import type { ReadCache } from '../read-cache.ts'
import type { ResumeRecord } from '../resume/resume-record.ts'
import type { OpenContent } from '../storage/open-content.ts'
import { openForFetch, openRestored, resolveTarget } from '../storage/torrent-openers.ts'
import { SwarmError } from '../swarm-error.ts'
import type { TorrentSettings } from './torrent-settings.ts'

/** What a torrent's files are opened with. */
export interface Opening {
  readonly info: TorrentInfo
  readonly layers: PieceLayers | undefined
  readonly settings: TorrentSettings
  /** What was noted before. */
  readonly record: ResumeRecord | undefined
  readonly cache: ReadCache
  readonly preallocate: boolean
  /** Whether damage is no error: see {@link openRestored}. */
  readonly mends: boolean
  readonly signal: AbortSignal
  onProgress(piecesDone: number, pieces: number): void
  /** @throws {SwarmError} when other content is there. */
  claimPath(path: string): void
}

/** Opens the files where they are to go, or else those that were noted. @throws {SwarmError} */
export async function openTorrent(opening: Opening): Promise<OpenContent> {
  const { record, settings } = opening
  if (settings.target === undefined) return openNoted(opening)
  const path = await resolveTarget(settings.target, opening.info)
  opening.claimPath(path)
  if (record?.content?.placement.path !== path) return openNew(opening, path)
  try {
    return await openNoted(opening)
  } catch (error) {
    // It was removed by somebody; that it is fetched again was asked for.
    if (error instanceof SwarmError && error.code === 'not-found') return openNew(opening, path)
    throw error
  }
}

function openNoted({ record, ...opening }: Opening): Promise<OpenContent> {
  if (!record) throw new SwarmError('not-found', 'It is not known where the content is to go.')
  return openRestored(record, opening)
}

function openNew({ info, layers, settings, ...opening }: Opening, path: string): Promise<OpenContent> {
  const wanted = wantedFiles(settings)
  return openForFetch(info, path, {
    ...opening,
    ...(layers ? { layers } : {}),
    ...(wanted ? { wanted } : {}),
  })
}

/** Of each file whether it is wanted; undefined: all are. */
export function wantedFiles({ priorities }: TorrentSettings): boolean[] | undefined {
  return priorities?.map(priority => priority !== 'skip')
}

/** Whether all pieces of wanted files are in the set. */
export function isAllWantedIn(have: Bitfield, info: TorrentInfo, { priorities }: TorrentSettings): boolean {
  return (
    have.isFull ||
    piecePriorities(info, priorities ?? []).every((rank, piece) => rank === 0 || have.has(piece))
  )
}
