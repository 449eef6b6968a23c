import { AuthenticationError, CallTimeoutError, NodeUnreachableError, RPC_CODE, RpcError } from '@onehop/rpc'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** A command cannot do what was asked: one sentence that says what is wrong and, where known, what to do. */
export class CommandFailure extends Error {
  override name = 'CommandFailure'
  readonly exit: ExitCode
  /** The message as it was given: oclif writes more into that of an error from a flag. */
  readonly sentence: string
  /** What there is of a result all the same: with `--json` it stands beside the error. */
  readonly partialResult: object

  constructor(exit: ExitCode, sentence: string, partialResult: object = {}) {
    super(sentence)
    this.exit = exit
    this.sentence = sentence
    this.partialResult = partialResult
  }
}

/** The person asked for something that makes no sense. */
export class UsageFailure extends CommandFailure {
  override name = 'UsageFailure'

  constructor(message: string) {
    super(EXIT.usage, message)
  }
}

/** The person pressed Ctrl-C, or the process was asked to end. */
export class Interrupted extends CommandFailure {
  override name = 'Interrupted'

  constructor() {
    super(EXIT.interrupted, 'Interrupted.')
  }
}

/** A failure as it is told: how the process ends, a code for programs, a sentence for people. */
export interface ToldFailure {
  readonly exit: ExitCode
  /** The node's error code, or the name of the exit code. */
  readonly code: number | string
  readonly message: string
}

const EXIT_OF_RPC_CODE: Readonly<Record<number, ExitCode>> = {
  [RPC_CODE.invalidParams]: EXIT.usage,
  [RPC_CODE.contentNotFound]: EXIT.notFound,
  [RPC_CODE.timedOut]: EXIT.timedOut,
  [RPC_CODE.verificationFailed]: EXIT.verificationFailed,
}

/** What to tell of anything that was thrown. Never a stack. */
export function tellFailure(error: unknown): ToldFailure {
  if (error instanceof RpcError) {
    const { code, message } = error
    return { exit: EXIT_OF_RPC_CODE[code] ?? EXIT.failed, code, message: asSentence(message) }
  }
  const exit = exitOf(error)
  return { exit, code: nameOf(exit), message: asSentence(messageOf(error)) }
}

function exitOf(error: unknown): ExitCode {
  if (error instanceof CommandFailure) return error.exit
  if (error instanceof NodeUnreachableError) return EXIT.unreachable
  if (error instanceof CallTimeoutError) return EXIT.timedOut
  if (error instanceof AuthenticationError) return EXIT.failed
  return isOclifUsageError(error) || isNodeUsageError(error) ? EXIT.usage : EXIT.failed
}

/** The node's `OptionError`, told by its name: its class would bring libp2p and the store to every command. */
function isNodeUsageError(error: unknown): boolean {
  return error instanceof Error && error.name === 'OptionError'
}

/** oclif marks what the person typed wrong with exit code 2. */
function isOclifUsageError(error: unknown): boolean {
  return (error as { oclif?: { exit?: number } } | undefined)?.oclif?.exit === EXIT.usage
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof CommandFailure) return error.sentence
  if (isOclifUsageError(error)) return oclifSentence(error.message)
  return isSystemError(error) ? systemSentence(error) : error.message
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'a file of that name is there already',
  EFBIG: 'the file is larger than files may be there',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
}

function isSystemError(error: Error): error is NodeJS.ErrnoException {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

/** `EACCES: permission denied, open '/x'` is `Cannot use /x: permission denied.` */
function systemSentence({ code = '', path, message }: NodeJS.ErrnoException): string {
  const reason = SYSTEM_REASONS[code]
  return reason === undefined || path === undefined ? message : `Cannot use ${path}: ${reason}.`
}

/** oclif lists missing arguments on lines of their own; one line is enough. */
function oclifSentence(message: string): string {
  const lines = message.split('\n').map(line => line.trim().replace(/\s+/g, ' '))
  const told = lines.filter(line => line !== '' && !line.startsWith('See more help'))
  return told
    .join(' ')
    .replace(/^The following errors? occurred: /, '')
    .replace(/^Missing \d+ required args?: ([A-Z_]+) .*$/, '$1 is missing; see --help.')
    .replace(/^Nonexistent flags?: (.*)$/, 'There is no flag $1; see --help.')
    .replace(/^Unexpected arguments?: (.*)$/, 'There is an argument too many: $1; see --help.')
}

function nameOf(exit: ExitCode): string {
  return Object.entries(EXIT).find(([, code]) => code === exit)?.[0] ?? 'failed'
}

function asSentence(message: string): string {
  const firstLine = (message.split('\n', 1)[0] ?? '').replace(/^Error: /, '').trim()
  return firstLine === '' ? 'Something went wrong.' : firstLine
}
