import type { Key, PeerEntry, Pointer } from '@onehop/overlay'
import { KEY_BYTES, MAX_SEARCH_WORDS, parseWords, wordKey } from '@onehop/overlay'
import { bytesKey, bytesToHex, DecodeError, hexToBytes, utf8Encode } from '@onehop/primitives'
import type { DescriptorId } from './descriptor-id.ts'
import type { Endpoint } from './descriptors.ts'

/** What is common to all that travels from neighbour to neighbour. */
interface Travelling {
  readonly id: DescriptorId
  /** Hops that it may still go. */
  readonly ttl: number
  /** Hops that it has gone. */
  readonly hops: number
}

/** Asks who is there. TTL 1: the neighbour alone. */
export interface Ping extends Travelling {
  readonly type: 'ping'
  /** See {@link onward}. */
  next?: Ping | undefined
}

/** Somebody is there. Goes the way of its Ping back. */
export interface Pong extends Travelling {
  readonly type: 'pong'
  readonly peer: PeerEntry
  readonly files: number
  readonly kilobytes: number
  /** How many neighbours it has. */
  readonly neighbours: number
  /** How many of them it could do without. */
  readonly spare: number
}

/** Asks who has something. */
export interface Query extends Travelling {
  readonly type: 'query'
  readonly sought: Sought
  /** See {@link onward}. */
  next?: Query | undefined
}

/** One thing that a servent has. */
export interface Result {
  /** What a Push must name. */
  readonly fileIndex: number
  readonly pointer: Pointer
}

/** Somebody has it. Goes the way of its Query back. */
export interface QueryHit extends Travelling {
  readonly type: 'query-hit'
  /** Where the servent listens, as far as 0.4 can say it; the pointers say it all. */
  readonly endpoint: Endpoint
  /** 16 bytes. */
  readonly serventId: Uint8Array
  readonly results: readonly Result[]
}

/** Asks a servent that cannot be dialled to come. Goes the way of its QueryHit back. */
export interface Push extends Travelling {
  readonly type: 'push'
  readonly serventId: Uint8Array
  readonly fileIndex: number
  /** Whom to come to. */
  readonly peer: PeerEntry
}

/** Here I am, as the Push asked: the first line of a delivery. */
export interface Giv {
  readonly type: 'giv'
  readonly fileIndex: number
  readonly serventId: Uint8Array
}

/** Asks for a neighbour's place. */
export interface Connect {
  readonly type: 'connect'
  readonly peer: PeerEntry
}

/** Grants it. */
export interface Accept {
  readonly type: 'ok'
}

/** Refuses it, or ends it: with others to turn to. */
export interface Bye {
  readonly type: 'bye'
  readonly id: DescriptorId
  readonly code: number
  readonly reason: string
  readonly peers: readonly PeerEntry[]
}

/** Every message of Gnutella. */
export type GnutellaMessage = Ping | Pong | Query | QueryHit | Push | Giv | Connect | Accept | Bye

/** Codes of a Bye: HTTP's, as the handshake of 0.6 has them. */
export const BYE = { enough: 200, leaving: 201, notConnected: 404, flooding: 429, busy: 503 } as const

/** What a query seeks, taken apart once for all who look at it. */
export interface Sought {
  readonly criteria: string
  readonly criteriaBytes: number
  /** Keys of pointers that may answer, as map keys. */
  readonly keys: readonly string[]
  /** Given: all of them must lead to a content. Absent for a lookup by key. */
  readonly words?: readonly string[]
}

/** Looks up one key; the form is HUGE's (Hash/URN Gnutella Extensions 0.93), the name space ours. */
const URN = 'urn:onehop:'

export function soughtKey(key: Key): Sought {
  return soughtBy(URN + bytesToHex(key))
}

export function soughtWords(words: readonly string[]): Sought {
  return soughtBy(words.join(' '))
}

/** Criteria that say nothing to us have no keys: the query is passed on all the same. */
export function soughtBy(criteria: string): Sought {
  const criteriaBytes = utf8Encode(criteria).length
  const key = criteria.startsWith(URN) ? keyOf(criteria.slice(URN.length)) : undefined
  if (criteria.startsWith('urn:'))
    return { criteria, criteriaBytes, keys: key === undefined ? [] : [bytesKey(key)] }
  const words = parseWords([criteria], MAX_SEARCH_WORDS)
  if (!words.ok) return { criteria, criteriaBytes, keys: [] }
  return {
    criteria,
    criteriaBytes,
    keys: words.value.map(word => bytesKey(wordKey(word))),
    words: words.value,
  }
}

function keyOf(hex: string): Key | undefined {
  if (hex.length !== 2 * KEY_BYTES) return undefined
  try {
    return hexToBytes(hex)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/**
 * The same, one hop further: made by the first who passes it on, and shared by all who got the same object. Where
 * every message is decoded from bytes of its own, nobody does.
 */
export function onward<Flooded extends Ping | Query>(message: Flooded): Flooded {
  message.next ??= { ...message, ttl: message.ttl - 1, hops: message.hops + 1, next: undefined }
  return message.next as Flooded
}
