import { createHash } from 'node:crypto'
import type { Sha1, Sha256 } from '@onehop/primitives'

/** SHA-1 of something small, at once. */
export const sha1Now: Sha1 = message => new Uint8Array(createHash('sha1').update(message).digest())

/** SHA-256 of something small, at once. */
export const sha256Now: Sha256 = message => new Uint8Array(createHash('sha256').update(message).digest())
