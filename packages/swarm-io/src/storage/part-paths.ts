import { basename, dirname, join } from 'node:path'
import { infoHashToHex, type TorrentInfo } from '@onehop/swarm'
import { MAX_PART_STEM_BYTES } from './limits.ts'

/** Beside the target, so that finishing is a rename; with the infohash in it, so that it is nobody else's. */
export function partPathOf(path: string, info: TorrentInfo): string {
  return besides(path, info, 'part')
}

/** Where the bytes of files that are not wanted are kept, as far as they lie in pieces that are. */
export function asidePathOf(path: string, info: TorrentInfo): string {
  return besides(path, info, 'skipped')
}

/** Where content is copied to on its way from another disk: nothing there is trusted. */
export function movingPathOf(path: string, info: TorrentInfo): string {
  return besides(path, info, 'moving')
}

function besides(path: string, info: TorrentInfo, ending: string): string {
  let stem = basename(path)
  while (Buffer.byteLength(stem) > MAX_PART_STEM_BYTES) stem = Array.from(stem).slice(0, -1).join('')
  return join(dirname(path), `${stem}.${infoHashToHex(info.infohash).slice(0, 16)}.${ending}`)
}
