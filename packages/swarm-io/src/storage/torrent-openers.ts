import { join, resolve } from 'node:path'
import { Bitfield, pieceCount, type TorrentInfo } from '@onehop/swarm'
import type { ContentRecord, ResumeRecord } from '../resume/resume-record.ts'
import type { FetchTarget } from '../session-types.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { FilePlaces } from './file-places.ts'
import type { FileStamps } from './file-stamps.ts'
import { type OpenContent, type OpenOptions, openContent } from './open-content.ts'
import { partPathOf } from './part-paths.ts'
import { endRelocation } from './relocate-files.ts'
import { existsAtAll, makeChosenFolder, withoutLink } from './safe-path.ts'

/** What opening needs besides the places of files and what is known of them. */
export type OpeningOptions = Omit<
  OpenOptions,
  'placement' | 'wanted' | 'trusted' | 'stamps' | 'isUnsynced' | 'isFinished' | 'layers'
>

/** The absolute path of the content. Makes the folder of `outputDir`. @throws {SwarmError} */
export async function resolveTarget(target: FetchTarget, info: TorrentInfo): Promise<string> {
  if ('outputPath' in target) return resolve(target.outputPath)
  try {
    await makeChosenFolder(target.outputDir)
  } catch (error) {
    throw swarmErrorOf(error, `write to ${target.outputDir}`)
  }
  return resolve(join(target.outputDir, info.name))
}

/** Opens content that is to be fetched to a path, or is there already. @throws {SwarmError} */
export function openForFetch(
  info: TorrentInfo,
  path: string,
  options: OpeningOptions & Pick<OpenOptions, 'wanted' | 'layers'>,
): Promise<OpenContent> {
  return openContent(info, { ...options, placement: { path, renamed: new Map() } })
}

/** Opens what was just hashed. Where its owner put a link to it, that is followed. @throws {SwarmError} */
export async function openForSeed(
  info: TorrentInfo,
  path: string,
  stamps: FileStamps,
  options: OpeningOptions & Pick<OpenOptions, 'layers'>,
): Promise<OpenContent> {
  const placement = { path: await withoutLink(path), renamed: new Map() }
  const trusted = Bitfield.full(pieceCount(info))
  return openContent(info, { ...options, placement, stamps, trusted, isUnsynced: true, isFinished: true })
}

/**
 * Opens what a restart left, after it has ended a move that was under way. Complete files are trusted when size and
 * time are what they were, else hashed again. With `mends`, nothing is trusted and everything may be written again.
 * @throws {SwarmError} saying why it cannot be offered.
 */
export async function openRestored(record: ResumeRecord, options: OpeningOptions): Promise<OpenContent> {
  const { info, content, layers, settings } = record
  if (!info || !content) throw new SwarmError('not-found', 'There is no content yet.')
  const wanted = settings.priorities?.map(priority => priority !== 'skip')
  await endMove(info, content)
  if (!content.isFinished && !options.mends) await assertAnything(info, content)
  return openContent(info, {
    ...options,
    placement: content.placement,
    isFinished: content.isFinished,
    ...(options.mends ? {} : { trusted: content.have }),
    // Format 1 had none of unfinished files.
    ...(content.stamps.length === 0 ? {} : { stamps: content.stamps }),
    ...(layers ? { layers } : {}),
    ...(wanted ? { wanted } : {}),
  })
}

async function endMove(info: TorrentInfo, { placement, former }: ContentRecord): Promise<void> {
  if (!former) return
  const from = new FilePlaces(info, former)
  await from.locate()
  await endRelocation(from, from.at(placement))
}

/** What is gone altogether was moved away by somebody: it is not fetched again without being asked. */
async function assertAnything(info: TorrentInfo, { placement, have }: ContentRecord): Promise<void> {
  const places = new FilePlaces(info, placement)
  try {
    await places.locate()
  } catch (error) {
    throw swarmErrorOf(error, `read ${placement.path}`)
  }
  const part = partPathOf(placement.path, info)
  if (info.files.some((_, file) => places.of(file) !== undefined)) return
  if (have.count > 0 || !(await existsAtAll(part))) throw new SwarmError('not-found', `${part} is missing.`)
}
