import type { PeerAddress, PeerId, Signed } from '@onehop/overlay'
import {
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_PEER_ID_BYTES,
  MIN_PEER_ID_BYTES,
  SIGNATURE_BYTES,
} from '@onehop/overlay'
import {
  bytesFieldLength,
  concatBytes,
  DecodeError,
  invalid,
  OK,
  ProtobufReader,
  ProtobufWriter,
  refused,
  utf8Encode,
  type Verdict,
  varintFieldLength,
} from '@onehop/primitives'
import { MAX_AGE_MS, MAX_CLOCK_SKEW_MS, MAX_DEPTH } from './limits.ts'

/** "I am here": a member's own word about itself, signed, so that nobody can speak for another. */
export interface MemberRecord extends Signed {
  readonly id: PeerId
  readonly addresses: readonly PeerAddress[]
  /** When it was signed, in ms by the owner's clock: grows with every heartbeat, also across restarts. */
  readonly heartbeat: number
  /** Bits of the prefix that it shares with its group, where k tunes itself; 0 where k is fixed. */
  readonly depth: number
  /** The last word: it has left. */
  readonly left: boolean
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array
}

/** A record as it travels: with the time since the owner signed it, added up by the relays' own clocks. */
export interface MemberEntry {
  readonly record: MemberRecord
  readonly ageMs: number
}

const DOMAIN_TAG = utf8Encode('onehop/kelips/member/1\0')
/** `standing`: whether it has left, and above that bit its depth. */
const FIELD = { id: 1, address: 2, heartbeat: 3, standing: 4, signature: 5, ageMs: 6 } as const

type Unsigned = Omit<MemberRecord, 'signature' | 'genuine'>

function standingOf({ depth, left }: Unsigned): number {
  return depth * 2 + (left ? 1 : 0)
}

function writeFields(writer: ProtobufWriter, record: Unsigned): void {
  writer.bytes(FIELD.id, record.id)
  for (const address of record.addresses) writer.bytes(FIELD.address, address)
  writer.varint(FIELD.heartbeat, record.heartbeat)
  writer.varint(FIELD.standing, standingOf(record))
}

/** What a member signs: a domain tag and all fields but the signature. */
export function recordPayload(record: Unsigned): Uint8Array {
  const writer = new ProtobufWriter()
  writeFields(writer, record)
  return concatBytes(DOMAIN_TAG, writer.toBytes())
}

/** Writes an entry as a nested message. */
export function writeEntry(writer: ProtobufWriter, { record, ageMs }: MemberEntry): void {
  writeFields(writer, record)
  writer.bytes(FIELD.signature, record.signature).varint(FIELD.ageMs, ageMs)
}

/** Length of an entry's encoding in bytes: some 130 with one address. */
export function entryLength({ record, ageMs }: MemberEntry): number {
  return recordLength(record) + ageLength(ageMs)
}

/** What the age adds to the length of a record in an entry. */
export function ageLength(ageMs: number): number {
  return varintFieldLength(FIELD.ageMs, ageMs)
}

/** A record whose length has been noted on it; spreading it into another does not take the note along. */
type Measured = MemberRecord & { readonly measuredBytes?: number }

/** What a record takes in an entry. Measured once for each: a large simulation asks a million times a second. */
export function recordLength(record: Measured): number {
  if (record.measuredBytes !== undefined) return record.measuredBytes
  let length =
    bytesFieldLength(FIELD.id, record.id.length) +
    varintFieldLength(FIELD.heartbeat, record.heartbeat) +
    varintFieldLength(FIELD.standing, standingOf(record)) +
    bytesFieldLength(FIELD.signature, record.signature.length)
  for (const address of record.addresses) length += bytesFieldLength(FIELD.address, address.length)
  Object.defineProperty(record, 'measuredBytes', { value: length })
  return length
}

interface Draft {
  id?: PeerId
  addresses: PeerAddress[]
  heartbeat: number
  depth: number
  left: boolean
  signature?: Uint8Array
  ageMs: number
}

function readField(reader: ProtobufReader, draft: Draft): void {
  switch (reader.field) {
    case FIELD.id:
      draft.id = reader.bytes(MAX_PEER_ID_BYTES)
      break
    case FIELD.address:
      if (draft.addresses.length === MAX_ADDRESSES) throw new DecodeError('member: too many addresses')
      draft.addresses.push(reader.bytes(MAX_ADDRESS_BYTES))
      break
    case FIELD.heartbeat:
      draft.heartbeat = reader.varint()
      break
    case FIELD.standing:
      readStanding(reader.varint(), draft)
      break
    case FIELD.signature:
      draft.signature = reader.fixedBytes(SIGNATURE_BYTES)
      break
    case FIELD.ageMs:
      draft.ageMs = Math.min(reader.varint(), MAX_AGE_MS)
      break
    default:
      reader.skip()
  }
}

function readStanding(standing: number, draft: Draft): void {
  draft.left = standing % 2 === 1
  draft.depth = Math.floor(standing / 2)
}

/** @throws {DecodeError} when a field is missing, malformed or too long. */
export function readEntry(bytes: Uint8Array): MemberEntry {
  const reader = new ProtobufReader(bytes)
  const draft: Draft = { addresses: [], heartbeat: 0, depth: 0, left: false, ageMs: 0 }
  while (reader.next()) readField(reader, draft)
  const { id, signature, addresses, heartbeat, depth, left, ageMs } = draft
  if (id === undefined || signature === undefined) throw new DecodeError('member: a field is missing')
  return { record: { id, addresses, heartbeat, depth, left, signature }, ageMs }
}

/** Everything about a record but its signature. Clocks are nobody's fault. */
export function checkRecord(record: MemberRecord, nowMs: number, lifetimeMs: number): Verdict {
  if (record.id.length < MIN_PEER_ID_BYTES || record.id.length > MAX_PEER_ID_BYTES)
    return invalid('kelips-member-id')
  if (record.signature.length !== SIGNATURE_BYTES) return invalid('kelips-member-signature-length')
  const fits = record.addresses.every(address => address.length > 0 && address.length <= MAX_ADDRESS_BYTES)
  if (record.addresses.length > MAX_ADDRESSES || !fits) return invalid('kelips-member-addresses')
  if (record.depth > MAX_DEPTH) return invalid('kelips-member-depth')
  return checkRecordTime(record, nowMs, lifetimeMs)
}

/** What is left to check of a record of which everything else was found right before. */
export function checkRecordTime(record: MemberRecord, nowMs: number, lifetimeMs: number): Verdict {
  if (record.heartbeat > nowMs + MAX_CLOCK_SKEW_MS) return refused('kelips-member-from-future')
  if (record.heartbeat < nowMs - lifetimeMs - MAX_CLOCK_SKEW_MS) return refused('kelips-member-stale')
  return OK
}
