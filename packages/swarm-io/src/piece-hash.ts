import { createHash } from 'node:crypto'
import type { Sha1 } from '@onehop/primitives'

/** SHA-1 of something small, at once. */
export const sha1Now: Sha1 = message => new Uint8Array(createHash('sha1').update(message).digest())

/** SHA-1 of a piece, on a thread of Node's pool, so that the event loop stays free. */
export async function sha1OnThread(piece: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-1', piece as Uint8Array<ArrayBuffer>))
}
