import { assert, ByteReader, ByteWriter, DecodeError, equalBytes } from '@onehop/primitives'
import { INFO_HASH_BYTES, type InfoHash, toInfoHash } from '../metainfo/infohash.ts'
import { decodeCompactPeers, encodeCompactPeers } from '../peer-address.ts'
import { readableText } from '../readable-text.ts'
import { PEER_ID_BYTES } from '../wire/handshake.ts'
import type { AnnounceAnswer, AnnounceEvent, AnnounceRequest, ScrapeEntry } from './announce.ts'
import { MAX_PEERS_PER_ANSWER, MAX_SCRAPED, MAX_TRACKER_MESSAGE_CHARACTERS } from './limits.ts'

/** What a packet is about (BEP 15). */
const UDP_ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const

/** Bytes of a connection id, which shows that the client receives at its address. */
const CONNECTION_ID_BYTES = 8

/** The connection id of a connect request: BEP 15's magic constant 0x41727101980. */
const PROTOCOL_ID = Uint8Array.of(0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80)
const EVENTS = [undefined, 'completed', 'started', 'stopped'] as const
const IPV4_BYTES = 4
const TWO_TO_32 = 2 ** 32
const MAX_UINT32 = TWO_TO_32 - 1

/** A packet from a client. */
export type UdpTrackerRequest =
  | { readonly action: 'connect'; readonly transaction: number }
  | {
      readonly action: 'announce'
      readonly transaction: number
      readonly connectionId: Uint8Array
      /** Without `tracker id`, which UDP does not have. */
      readonly request: AnnounceRequest
      /** Where the client says it is; undefined unless it does. */
      readonly claimedIpv4?: Uint8Array
    }
  | {
      readonly action: 'scrape'
      readonly transaction: number
      readonly connectionId: Uint8Array
      readonly infohashes: readonly InfoHash[]
    }

/** A packet from a tracker. */
export type UdpTrackerAnswer =
  | { readonly action: 'connect'; readonly transaction: number; readonly connectionId: Uint8Array }
  | { readonly action: 'announce'; readonly transaction: number; readonly answer: AnnounceAnswer }
  | { readonly action: 'scrape'; readonly transaction: number; readonly entries: readonly ScrapeEntry[] }
  | { readonly action: 'error'; readonly transaction: number; readonly message: string }

/** What may answer an announce, from the connection id on. */
export type UdpAnnounceAnswer = Exclude<UdpTrackerAnswer, { action: 'scrape' }>

/** The 16 bytes that ask for a connection id. */
export function encodeUdpConnect(transaction: number): Uint8Array {
  return header(PROTOCOL_ID, UDP_ACTION.connect, transaction).toBytes()
}

function header(connectionId: Uint8Array, action: number, transaction: number): ByteWriter {
  assert(connectionId.length === CONNECTION_ID_BYTES, 'a connection id has 8 bytes')
  return new ByteWriter().writeBytes(connectionId).writeUint32BE(action).writeUint32BE(transaction)
}

/** The 98 bytes of an announce. */
export function encodeUdpAnnounce(
  connectionId: Uint8Array,
  transaction: number,
  request: AnnounceRequest,
): Uint8Array {
  const writer = header(connectionId, UDP_ACTION.announce, transaction)
    .writeBytes(request.infohash)
    .writeBytes(request.peerId)
  writeUint64BE(writer, request.downloadedBytes)
  writeUint64BE(writer, request.leftBytes)
  writeUint64BE(writer, request.uploadedBytes)
  writer
    .writeUint32BE(EVENTS.indexOf(request.event))
    .writeUint32BE(0) // our address: the one that the packet comes from
    .writeUint32BE(request.key)
    .writeUint32BE(request.peersWanted)
  return writer
    .writeUint8(request.port >> 8)
    .writeUint8(request.port & 0xff)
    .toBytes()
}

/**
 * Reads a tracker's packet.
 * @param family of the address that the packet came from: it decides how long a peer is (BEP 15, IPv6).
 * @throws {DecodeError}
 */
export function decodeUdpAnswer(bytes: Uint8Array, family: 4 | 6): UdpAnnounceAnswer {
  const reader = new ByteReader(bytes)
  const action = reader.readUint32BE()
  const transaction = reader.readUint32BE()
  if (action === UDP_ACTION.connect) {
    return { action: 'connect', transaction, connectionId: reader.readBytes(CONNECTION_ID_BYTES).slice() }
  }
  if (action === UDP_ACTION.announce) {
    return { action: 'announce', transaction, answer: readAnnounceAnswer(reader, family) }
  }
  if (action !== UDP_ACTION.error) throw new DecodeError('a tracker answers with an unknown action')
  const message = readableText(reader.readBytes(reader.remaining), MAX_TRACKER_MESSAGE_CHARACTERS)
  return { action: 'error', transaction, message }
}

function readAnnounceAnswer(reader: ByteReader, family: 4 | 6): AnnounceAnswer {
  const intervalSeconds = reader.readUint32BE()
  const leechers = reader.readUint32BE()
  const seeders = reader.readUint32BE()
  const bytesOfPeer = family === 4 ? 6 : 18
  const whole = reader.remaining - (reader.remaining % bytesOfPeer)
  const peers = decodeCompactPeers(reader.readBytes(whole), family).slice(0, MAX_PEERS_PER_ANSWER)
  return { intervalSeconds, leechers, seeders, peers }
}

/** Reads a client's packet. What follows an announce (BEP 41) is not looked at. @throws {DecodeError} */
export function decodeUdpRequest(bytes: Uint8Array): UdpTrackerRequest {
  const reader = new ByteReader(bytes)
  const connectionId = reader.readBytes(CONNECTION_ID_BYTES).slice()
  const action = reader.readUint32BE()
  const transaction = reader.readUint32BE()
  if (action === UDP_ACTION.connect) {
    if (!equalBytes(connectionId, PROTOCOL_ID)) throw new DecodeError('not the UDP tracker protocol')
    return { action: 'connect', transaction }
  }
  if (action === UDP_ACTION.announce) {
    return { action: 'announce', transaction, connectionId, ...readAnnounce(reader) }
  }
  if (action !== UDP_ACTION.scrape) throw new DecodeError('a client asks for an unknown action')
  return { action: 'scrape', transaction, connectionId, infohashes: readInfohashes(reader) }
}

function readAnnounce(reader: ByteReader): { request: AnnounceRequest; claimedIpv4?: Uint8Array } {
  const infohash = toInfoHash(reader.readBytes(INFO_HASH_BYTES).slice())
  const peerId = reader.readBytes(PEER_ID_BYTES).slice()
  const downloadedBytes = readUint64BE(reader)
  const leftBytes = readUint64BE(reader)
  const uploadedBytes = readUint64BE(reader)
  const event: AnnounceEvent | undefined = EVENTS[reader.readUint32BE()]
  const address = reader.readBytes(IPV4_BYTES).slice()
  const key = reader.readUint32BE()
  // Signed: −1 asks for the tracker's own choice.
  const peersWanted = reader.readUint32BE() | 0
  const port = (reader.readUint8() << 8) | reader.readUint8()
  const counters = { downloadedBytes, leftBytes, uploadedBytes }
  return {
    request: { infohash, peerId, port, key, peersWanted, ...counters, ...(event ? { event } : {}) },
    ...(address.some(byte => byte !== 0) ? { claimedIpv4: address } : {}),
  }
}

function readInfohashes(reader: ByteReader): InfoHash[] {
  const infohashes: InfoHash[] = []
  while (reader.remaining >= INFO_HASH_BYTES && infohashes.length < MAX_SCRAPED) {
    infohashes.push(toInfoHash(reader.readBytes(INFO_HASH_BYTES).slice()))
  }
  return infohashes
}

/** A tracker's packet. Of an announce's peers, those of `family` go. */
export function encodeUdpAnswer(message: UdpTrackerAnswer, family: 4 | 6 = 4): Uint8Array {
  const writer = new ByteWriter().writeUint32BE(UDP_ACTION[message.action]).writeUint32BE(message.transaction)
  if (message.action === 'connect') writer.writeBytes(message.connectionId)
  else if (message.action === 'announce') writeAnnounceAnswer(writer, message.answer, family)
  else if (message.action === 'scrape') for (const entry of message.entries) writeScrapeEntry(writer, entry)
  else for (const character of message.message) writer.writeUint8(character.charCodeAt(0) & 0x7f)
  return writer.toBytes()
}

function writeAnnounceAnswer(writer: ByteWriter, answer: AnnounceAnswer, family: 4 | 6): void {
  writer
    .writeUint32BE(answer.intervalSeconds)
    .writeUint32BE(answer.leechers ?? 0)
    .writeUint32BE(answer.seeders ?? 0)
    .writeBytes(encodeCompactPeers(answer.peers, family))
}

function writeScrapeEntry(writer: ByteWriter, { seeders, downloads, leechers }: ScrapeEntry): void {
  writer.writeUint32BE(seeders).writeUint32BE(Math.min(downloads, MAX_UINT32)).writeUint32BE(leechers)
}

function writeUint64BE(writer: ByteWriter, value: number): void {
  writer.writeUint32BE(Math.floor(value / TWO_TO_32)).writeUint32BE(value % TWO_TO_32)
}

/** Counters above 2^53 are nobody's; they need not be exact. */
function readUint64BE(reader: ByteReader): number {
  return reader.readUint32BE() * TWO_TO_32 + reader.readUint32BE()
}
