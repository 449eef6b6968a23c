import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigurationError } from './errors.ts'
import { createIdentity, isIdentity } from './identity.ts'
import { isSystemError, reasonOf } from './system-errors.ts'

const OWNER_ONLY_FOLDER = 0o700
const OWNER_ONLY_FILE = 0o600

/** What a running node tells other processes of this machine: written when RPC answers, removed at the stop. */
export interface RpcFile {
  readonly url: string
  readonly pid: number
  readonly peerId: string | undefined
  readonly addresses: readonly string[]
}

/** Paths of a node's files, all inside its datadir. */
export class Datadir {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Makes the folder, readable by its owner only. @throws {ConfigurationError} when that is not possible. */
  create(): this {
    try {
      makeFolder(this.path)
      accessSync(this.path, constants.R_OK | constants.W_OK)
    } catch (error) {
      throw new ConfigurationError(`The datadir ${this.path} cannot be used: ${reasonOf(error)}.`)
    }
    return this
  }

  get cookie(): string {
    return join(this.path, '.cookie')
  }

  get content(): string {
    return join(this.path, 'content')
  }

  /** The folder that fetched files go to when no other is named. */
  get downloads(): string {
    return join(this.path, 'downloads')
  }

  get logFile(): string {
    return join(this.path, 'debug.log')
  }

  get walletFile(): string {
    return join(this.path, 'wallet.json')
  }

  /** Transactions that waited for a block at the last stop, in Bitcoin Core's format. */
  get mempoolFile(): string {
    return join(this.path, 'mempool.dat')
  }

  /** What the wallet had in blocks that pruning has deleted. */
  get walletHistoryFile(): string {
    return join(this.path, 'wallet-history.json')
  }

  /** Peers to find again after a restart. */
  get peersFile(): string {
    return join(this.path, 'peers.json')
  }

  private get rpcFile(): string {
    return join(this.path, 'rpc.json')
  }

  /** The node's libp2p key, made at the first start. */
  identity(): Uint8Array {
    const path = join(this.path, 'identity.key')
    const identity = readOrCreate(path, createIdentity)
    if (isIdentity(identity)) return identity
    throw new ConfigurationError(
      `The key file ${path} is damaged; restore it, or move it away for a new identity.`,
    )
  }

  writeRpcFile(contents: RpcFile): void {
    replaceFile(this.rpcFile, Buffer.from(`${JSON.stringify(contents, null, 2)}\n`))
  }

  removeRpcFile(): void {
    rmSync(this.rpcFile, { force: true })
  }
}

/**
 * The file's bytes; where there is none, what `create` makes, written so that a crash leaves either nothing or all of it
 * and no other process's file is replaced.
 */
export function readOrCreate(path: string, create: () => Uint8Array): Uint8Array {
  if (existsSync(path)) return readExisting(path)
  const temporary = writeBeside(path, create())
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(temporary)
  }
  syncFolder(dirname(path))
  return readExisting(path)
}

function readExisting(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new ConfigurationError(`Cannot read ${path}: ${reasonOf(error)}.`)
  }
}

/** Replaces the file by one rename: readers see the old contents or the new, never a part. */
export function replaceFile(path: string, contents: Uint8Array): void {
  renameSync(writeBeside(path, contents), path)
  syncFolder(dirname(path))
}

function writeBeside(path: string, contents: Uint8Array): string {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  const file = openSync(temporary, 'wx', OWNER_ONLY_FILE)
  try {
    writeFileSync(file, contents)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return temporary
}

/** Makes renames in the folder last. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Makes a folder and those above it. Node's own way to do that never returns where the system says of a folder that is
 * there that it is not (`/proc`).
 */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: OWNER_ONLY_FOLDER })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    makeFolder(dirname(path))
    mkdirSync(path, { mode: OWNER_ONLY_FOLDER })
  }
}
