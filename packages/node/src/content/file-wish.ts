import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { ContentFile, FilePriority } from '@onehop/swarm'
import { SwarmError } from '@onehop/swarm-io'
import { filesMeantBy, pathBelowRoot } from './file-choice.ts'

/** Which files a call wants, as numbers and patterns say it, before and after it is known which files there are. */
export class FileWish {
  /** Numbers of the files that it wants; undefined as long as that is not known. */
  chosen: readonly number[] | undefined
  /** Why it wants what there is not. */
  failure: RpcError | undefined
  private readonly patterns: readonly string[] | undefined
  private readonly isForOne: boolean

  /** @param patterns undefined: all files. @param isForOne whether it is exactly one, or nothing is done. */
  constructor(patterns: readonly string[] | undefined, isForOne: boolean) {
    this.patterns = patterns
    this.isForOne = isForOne
  }

  /** Whether it asks for anything in particular. */
  get isParticular(): boolean {
    return this.patterns !== undefined || this.isForOne
  }

  /** Wants what was wished for, and nothing else. @throws {SwarmError} {@link failure} says why. */
  readonly choose = (files: readonly ContentFile[]): FilePriority[] => {
    const meant = this.meantOf(files)
    return files.map((_, index) => (meant.has(index) ? 'normal' : 'skip'))
  }

  /** Wants what was wished for besides what is wanted already. @throws {SwarmError} {@link failure} says why. */
  add(files: readonly ContentFile[], wanted: ReadonlyMap<number, FilePriority>): FilePriority[] {
    const meant = this.meantOf(files)
    return files.map((_, index) => {
      const before = wanted.get(index) ?? 'normal'
      return before === 'skip' && meant.has(index) ? 'normal' : before
    })
  }

  private meantOf(files: readonly ContentFile[]): ReadonlySet<number> {
    const shown = files
      .map((file, index) => ({ index, path: pathBelowRoot(file), isPadding: file.isPadding }))
      .filter(({ isPadding }) => !isPadding)
    try {
      const meant = this.patterns
        ? filesMeantBy(this.patterns, shown)
        : new Set(shown.map(({ index }) => index))
      if (this.isForOne && meant.size !== 1) throw tooMany(meant.size)
      this.chosen = [...meant]
      return meant
    } catch (error) {
      if (error instanceof SwarmError) this.failure = new RpcError(RPC_CODE.invalidParams, error.message)
      throw error
    }
  }
}

function tooMany(amount: number): SwarmError {
  const what = `There are ${amount} files, and one is streamed`
  return new SwarmError('not-found', `${what}: name it with --files, such as --files 0.`)
}
