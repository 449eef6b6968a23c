import type { Errand, PastryMessage } from './messages.ts'

/** The types of messages by their numbers on the wire, counted from 1. */
export const TYPES: readonly PastryMessage['type'][] = [
  'route',
  'ack',
  'found',
  'stored',
  'rows',
  'leaves',
  'hello',
  'exchange',
  'ping',
  'pong',
  'row-ask',
  'row',
  'pull',
  'share',
  'hold',
  'held',
  'fetch',
  'farewell',
  'deliver',
  'beat',
  'beaten',
  'prune',
]

/** Errands, likewise. */
export const ERRANDS: readonly Errand[] = ['get', 'put', 'join', 'near', 'subscribe', 'multicast']

/** Field numbers: each field has one in all messages, so that one flat protobuf message carries any of them. */
export const FIELD = {
  type: 1,
  request: 2,
  errand: 3,
  hops: 4,
  flags: 5,
  number: 6,
  limit: 7,
  peer: 8,
  member: 9,
  pointer: 10,
  key: 11,
  detours: 12,
  attempt: 13,
  row: 14,
  skip: 15,
  held: 16,
  id: 17,
  payload: 18,
} as const

/** Bits of the field `flags`. */
export const FLAG = { joining: 1, more: 2, moves: 4, wanted: 8, brief: 16 } as const
