/** What the operating system's codes mean, for the end of a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'there is no way to that address',
  ENETUNREACH: 'there is no way to that address',
  EADDRINUSE: 'another process has that port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EEXIST: 'a file of that name is there already',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
}

/** Why something failed, in words for the end of a sentence, without a full stop. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code = '', message } = error as NodeJS.ErrnoException
  const named = REASONS[code] ?? REASONS[/\bE[A-Z]{4,}\b/.exec(message)?.[0] ?? '']
  return named ?? (message.split('\n', 1)[0] ?? '').replace(/[.:]$/, '')
}

/** Whether the operating system refused something, in contrast to a bug of ours. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
