import { bytesKey, type RandomSource, shuffled } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import { DOWNLOAD_WINDOW_BLOCKS, MAX_DOWNLOAD_PATHS, MAX_TIPS_LOOKED_AT } from './limits.ts'
import type { SyncSession } from './sync-session.ts'

/** A block that is missing. */
export interface MissingBlock {
  readonly hash: Uint8Array
  /** The hash as a Map's key. */
  readonly key: string
}

/** What the choice of paths looks at. */
export interface PathSources {
  readonly chain: ChainPort
  readonly random: RandomSource
  sessions(): SyncSession[]
}

/** The missing blocks, in the order they connect, of each branch that is being fetched. */
export class DownloadPaths {
  private readonly sources: PathSources
  private paths: MissingBlock[][] = []
  private wanted = new Map<string, MissingBlock>()

  constructor(sources: PathSources) {
    this.sources = sources
  }

  /** Blocks of all paths. */
  get size(): number {
    return this.wanted.size
  }

  /**
   * Looks for the ways to the header of most work, and to the tips that peers stand on: mostly one and the same.
   * Headers are cheap to announce without ever showing a block, so no branch may keep us from the others.
   * @param preferred whose tips are looked at first.
   */
  look(preferred?: SyncSession): void {
    const { chain, random } = this.sources
    this.paths = []
    this.follow(chain.blocksToDownload(DOWNLOAD_WINDOW_BLOCKS))
    const others = shuffled(
      random,
      this.sources.sessions().filter(session => session !== preferred),
    )
    for (const tip of tipsOf(preferred === undefined ? others : [preferred, ...others])) {
      if (this.paths.length >= MAX_DOWNLOAD_PATHS) break
      this.follow(chain.blocksToDownload(DOWNLOAD_WINDOW_BLOCKS, tip))
    }
    this.wanted = new Map(this.paths.flat().map(block => [block.key, block]))
  }

  /** All blocks, each path from its head on. */
  blocks(): MissingBlock[] {
    return [...this.wanted.values()]
  }

  has(key: string): boolean {
    return this.wanted.has(key)
  }

  /** The first block of each path that is not among these. */
  firstWithout(keys: ReadonlySet<string>): string[] {
    return this.paths.flatMap(path => path.find(({ key }) => !keys.has(key))?.key ?? [])
  }

  isHead(key: string): boolean {
    return this.paths.some(([head]) => head?.key === key)
  }

  /** Blocks that are missing on the way that the block is on. */
  lengthOfPathWith(key: string): number {
    return this.paths.find(path => path.some(block => block.key === key))?.length ?? 0
  }

  /** The block is in the chain: every way that began with it goes on behind it. */
  pass(key: string): void {
    this.paths = this.paths
      .map(path => (path[0]?.key === key ? path.slice(1) : path))
      .filter(path => path.length > 0)
    this.wanted.delete(key)
  }

  /** Of two ways that begin alike the first is enough until they part. */
  private follow(path: readonly Uint8Array[]): void {
    const blocks = path.map(hash => ({ hash, key: bytesKey(hash) }))
    const [head] = blocks
    if (head !== undefined && !this.isHead(head.key)) this.paths.push(blocks)
  }
}

/** Tips that the peers stand on, each once, no more than are looked at. */
function tipsOf(sessions: readonly SyncSession[]): Uint8Array[] {
  const tips = new Map<string, Uint8Array>()
  for (const { announcedTip, status } of sessions) {
    for (const tip of [announcedTip, status?.bestHash]) if (tip !== undefined) tips.set(bytesKey(tip), tip)
    if (tips.size >= MAX_TIPS_LOOKED_AT) break
  }
  return [...tips.values()]
}
