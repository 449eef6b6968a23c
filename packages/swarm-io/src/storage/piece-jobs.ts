import type { PieceCheck } from '@onehop/swarm'

/** A stretch of a piece and where it lies in an open file. */
export interface WriteSlice {
  readonly descriptor: number
  readonly position: number
  readonly offsetInPiece: number
  readonly lengthBytes: number
  /** Somebody else's file: its bytes are compared, never changed. */
  readonly isComparedOnly: boolean
}

/** A stretch of a file to be hashed; without a path, zeros. */
export interface ReadSlice {
  readonly path?: string
  readonly position: number
  readonly lengthBytes: number
}

/** How a piece is hashed: as a whole, as a tree with so many leaves (BEP 52), or both ways. */
export interface PieceToHash {
  readonly slices: readonly ReadSlice[]
  readonly sha1: boolean
  readonly treeWidth?: number
}

/** What came out; undefined when a file is missing or too short. */
export interface PieceDigests {
  readonly sha1?: Uint8Array
  readonly root?: Uint8Array
}

/** Verify a piece if there is a check, then write it. */
export interface StoreJob {
  readonly kind: 'store'
  readonly bytes: Uint8Array
  readonly check?: PieceCheck
  readonly writes: readonly WriteSlice[]
}

/** Hash pieces that are on the disk. */
export interface HashJob {
  readonly kind: 'hash'
  readonly pieces: readonly PieceToHash[]
}

export type PieceJob = StoreJob | HashJob

/**
 * `inconsistent`: right by one of a hybrid's two hashes, wrong by the other: the torrent was made so, and no peer is to
 * blame. `different`: a file that may not be changed has other bytes.
 */
export type StoreReply = 'stored' | 'corrupt' | 'inconsistent' | 'different'

export type HashReply = readonly (PieceDigests | undefined)[]

/** From a thread: what became of the job with the number. */
export interface JobReply {
  readonly number: number
  readonly result?: StoreReply | HashReply
  /** A system call failed. */
  readonly failure?: { readonly code: string; readonly message: string }
}
