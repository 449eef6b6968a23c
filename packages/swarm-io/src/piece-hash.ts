import { createHash } from 'node:crypto'
import type { Sha1, Sha256 } from '@onehop/primitives'

/** SHA-1 of something small, at once. */
export const sha1Now: Sha1 = message => new Uint8Array(createHash('sha1').update(message).digest())

/** SHA-256 of something small, at once. */
export const sha256Now: Sha256 = message => new Uint8Array(createHash('sha256').update(message).digest())

/** SHA-1 of a piece, on a thread of Node's pool, so that the event loop stays free. */
export async function sha1OnThread(piece: Uint8Array): Promise<Uint8Array> {
  // WebCrypto takes no memory that threads share.
  if (!(piece.buffer instanceof ArrayBuffer)) return sha1Now(piece)
  return new Uint8Array(await crypto.subtle.digest('SHA-1', piece as Uint8Array<ArrayBuffer>))
}
