import type { Environment } from '@onehop/overlay'
import { ID_BYTES } from './limits.ts'

/** A descriptor's id. Made once and shared by all messages that carry it: tables compare numbers, not bytes. */
export interface DescriptorId {
  /** 16 bytes. */
  readonly bytes: Uint8Array
  /** All 128 bits folded into 64. */
  readonly low: number
  readonly high: number
}

/** Byte 8 is all ones and byte 15 zero in the ids of servents that are new (Gnutella 0.6 §2.2.1). */
const NEW_SERVENT_AT = 8
const RESERVED_AT = 15

export function descriptorId(bytes: Uint8Array): DescriptorId {
  return { bytes, low: word(bytes, 0) ^ word(bytes, 8), high: word(bytes, 4) ^ word(bytes, 12) }
}

/** An id that nobody else has. */
export function newDescriptorId(environment: Environment<never>): DescriptorId {
  const bytes = new Uint8Array(ID_BYTES)
  for (let i = 0; i < ID_BYTES; i += 4) {
    const random = Math.floor(environment.random() * 0x1_0000_0000)
    for (let j = 0; j < 4; j++) bytes[i + j] = random >>> (8 * j)
  }
  bytes[NEW_SERVENT_AT] = 0xff
  bytes[RESERVED_AT] = 0
  return descriptorId(bytes)
}

export function isSameId(a: DescriptorId, b: DescriptorId): boolean {
  return a === b || (a.low === b.low && a.high === b.high)
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
