/**
 * - `not-found`: the file, folder or torrent does not exist · `not-a-file` · `permission` · `disk-full` · `io`
 * - `unsafe-path`: a link stands where the content's own folder should be
 * - `bad-name`, `bad-metainfo`: cannot be published, or the provider's description is not acceptable
 * - `output-exists`: another file stands where the content would go · `in-use`: another torrent or fetch is there
 * - `file-changed`: the file changed under us
 * - `no-providers`: nobody could be reached, or all went away · `timed-out`: no progress for too long
 * - `verification-failed`: all who answered sent corrupt data · `aborted` · `closed`: the session was closed
 */
export type SwarmErrorCode =
  | 'not-found'
  | 'not-a-file'
  | 'permission'
  | 'disk-full'
  | 'io'
  | 'unsafe-path'
  | 'bad-name'
  | 'bad-metainfo'
  | 'output-exists'
  | 'in-use'
  | 'file-changed'
  | 'no-providers'
  | 'timed-out'
  | 'verification-failed'
  | 'aborted'
  | 'closed'

/** What went wrong, in one sentence for people; `code` is for programs. */
export class SwarmError extends Error {
  override name = 'SwarmError'
  readonly code: SwarmErrorCode

  constructor(code: SwarmErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const CODES: Readonly<Record<string, SwarmErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EISDIR: 'not-a-file',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EEXIST: 'output-exists',
  ELOOP: 'unsafe-path',
  ENAMETOOLONG: 'bad-name',
}

const REASONS: Readonly<Partial<Record<SwarmErrorCode, string>>> = {
  'not-found': 'it does not exist',
  'not-a-file': 'it is a folder',
  permission: 'permission denied',
  'disk-full': 'the disk is full',
  'output-exists': 'it exists already',
  'unsafe-path': 'it is a symbolic link',
  'bad-name': 'the name is too long',
}

/** A system call's failure as a {@link SwarmError}: "Cannot write /x/y: the disk is full." */
export function swarmErrorOf(error: unknown, doing: string): SwarmError {
  if (error instanceof SwarmError) return error
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : ''
  const code = CODES[systemCode] ?? 'io'
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error))
  return new SwarmError(code, `Cannot ${doing}: ${reason}.`, { cause: error })
}
