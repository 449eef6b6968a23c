/** A thread that hashes and writes pieces: their bytes are shared with the main thread, not copied. */
import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { PieceCheck } from '@onehop/swarm'
import { BlockTree } from './block-tree.ts'
import type {
  HashReply,
  JobReply,
  PieceDigests,
  PieceJob,
  PieceToHash,
  ReadSlice,
  StoreJob,
  StoreReply,
  WriteSlice,
} from './piece-jobs.ts'

/** Read at a time: small enough to be hashed from the processor's cache. */
const READ_BYTES = 256 * 1024

/**
 * Written at a time. Linux takes memory for its page cache in blocks as large as a write; large ones may have to come
 * from a virtual machine's host, which costs several times what the write does (6.18, ext4: 512 MiB in writes of 256 KiB
 * took 1.0–1.8 CPU seconds, of 64 KiB 0.16, of 16 KiB 0.25).
 */
const WRITE_BYTES = 64 * 1024

const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
const zeros = Buffer.alloc(READ_BYTES)

/** The file that was read last stays open for the next slice. */
let current: { readonly path: string; readonly descriptor: number } | undefined

parentPort!.on('message', (jobs: readonly { number: number; job: PieceJob }[]) => {
  parentPort!.postMessage(jobs.map(({ number, job }) => replyTo(number, job)))
})

function replyTo(number: number, job: PieceJob): JobReply {
  try {
    return { number, result: job.kind === 'store' ? store(job) : hashAll(job.pieces) }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return { number, failure: { code, message } }
  } finally {
    closeCurrent()
  }
}

function store({ bytes, check, writes }: StoreJob): StoreReply {
  const verdict = check ? verify(bytes, check) : 'stored'
  if (verdict !== 'stored') return verdict
  for (const slice of writes) {
    if (!slice.isComparedOnly) writeSlice(bytes, slice)
    else if (!isSame(bytes, slice)) return 'different'
  }
  return 'stored'
}

function verify(bytes: Uint8Array, { sha1, tree }: PieceCheck): StoreReply {
  const isRightV1 = sha1 && createHash('sha1').update(bytes).digest().equals(sha1)
  const isRightV2 = tree && rootOf(bytes.subarray(0, tree.lengthBytes), tree.width).equals(tree.root)
  if (isRightV1 !== false && isRightV2 !== false) return 'stored'
  if (!isRightV1 && !isRightV2) return 'corrupt'
  // Padding is in no tree: whoever sent something else than zeros for it is to blame.
  return isRightV2 && !isZero(bytes.subarray(tree!.lengthBytes)) ? 'corrupt' : 'inconsistent'
}

function rootOf(bytes: Uint8Array, width: number): Buffer {
  const tree = new BlockTree()
  tree.update(bytes)
  return tree.root(width)
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every(byte => byte === 0)
}

function writeSlice(bytes: Uint8Array, slice: WriteSlice): void {
  for (let done = 0; done < slice.lengthBytes; ) {
    const { descriptor, offsetInPiece, lengthBytes, position } = slice
    const length = Math.min(WRITE_BYTES, lengthBytes - done)
    done += writeSync(descriptor, bytes, offsetInPiece + done, length, position + done)
  }
}

function isSame(bytes: Uint8Array, slice: WriteSlice): boolean {
  for (let done = 0; done < slice.lengthBytes; ) {
    const wanted = Math.min(READ_BYTES, slice.lengthBytes - done)
    const read = readSync(slice.descriptor, buffer, 0, wanted, slice.position + done)
    const from = slice.offsetInPiece + done
    if (read === 0 || !buffer.subarray(0, read).equals(bytes.subarray(from, from + read))) return false
    done += read
  }
  return true
}

function hashAll(pieces: readonly PieceToHash[]): HashReply {
  return pieces.map(hashPiece)
}

function hashPiece(piece: PieceToHash): PieceDigests | undefined {
  const sha1 = piece.sha1 ? createHash('sha1') : undefined
  const tree = piece.treeWidth === undefined ? undefined : new BlockTree()
  for (const slice of piece.slices) {
    const isWhole = readSlice(slice, bytes => {
      sha1?.update(bytes)
      // Padding is in a hybrid's SHA-1, and in no tree (BEP 52).
      if (slice.path !== undefined) tree?.update(bytes)
    })
    if (!isWhole) return undefined
  }
  return {
    ...(sha1 ? { sha1: new Uint8Array(sha1.digest()) } : {}),
    ...(tree ? { root: new Uint8Array(tree.root(piece.treeWidth!)) } : {}),
  }
}

/** @returns false when the file is missing or too short. */
function readSlice(slice: ReadSlice, onBytes: (bytes: Uint8Array) => void): boolean {
  const descriptor = slice.path === undefined ? undefined : open(slice.path)
  if (descriptor === null) return false
  for (let done = 0; done < slice.lengthBytes; ) {
    const wanted = Math.min(READ_BYTES, slice.lengthBytes - done)
    const read =
      descriptor === undefined ? wanted : readSync(descriptor, buffer, 0, wanted, slice.position + done)
    if (read === 0) return false
    onBytes((descriptor === undefined ? zeros : buffer).subarray(0, read))
    done += read
  }
  return true
}

/** Never through a symbolic link. @returns null when there is no such file. */
function open(path: string): number | null {
  if (current?.path === path) return current.descriptor
  closeCurrent()
  try {
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    current = { path, descriptor: openSync(path, flags) }
    return current.descriptor
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function closeCurrent(): void {
  if (current) closeSync(current.descriptor)
  current = undefined
}
