import { ByteReader, ByteWriter, DecodeError } from '@onehop/primitives'

/** Where a peer takes BitTorrent connections over TCP. */
export interface PeerAddress {
  /** An IPv4 or IPv6 address in its usual text; from a magnet link or a user it may be a host name. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/** Bytes of an IPv4 address and a port (BEP 23). */
const COMPACT_IPV4_BYTES = 6

/** Bytes of an IPv6 address and a port (BEP 7). */
const COMPACT_IPV6_BYTES = 18

const IPV4_BYTES = 4
const IPV6_BYTES = 16
const IPV6_GROUPS = 8
const DECIMAL_BYTE = /^(?:0|[1-9]\d{0,2})$/
const HEX_GROUP = /^[0-9a-f]{1,4}$/i
/** ::ffff:0:0/96, where IPv4 addresses live in IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)

/** 4 or 16 bytes of an IP address; undefined for any other text. An IPv4 address mapped into IPv6 has 4. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
  const isMapped = bytes?.length === IPV6_BYTES && MAPPED_PREFIX.every((byte, i) => bytes[i] === byte)
  return isMapped ? bytes.slice(MAPPED_PREFIX.length) : bytes
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  const isDecimal = parts.length === IPV4_BYTES && parts.every(part => DECIMAL_BYTE.test(part))
  return isDecimal && parts.every(part => Number(part) <= 0xff) ? Uint8Array.from(parts, Number) : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = [groupsOf(halves[0]!), groupsOf(halves[1] ?? '')]
  if (head === undefined || tail === undefined) return undefined
  const missing = IPV6_GROUPS - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return Uint8Array.from(groups.flatMap(group => [group >> 8, group & 0xff]))
}

/** The 16-bit groups of one side of `::`; an IPv4 address at the end makes two. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const ipv4 = parts.at(-1)!.includes('.') ? parseIpv4(parts.pop()!) : new Uint8Array(0)
  if (ipv4 === undefined || !parts.every(part => HEX_GROUP.test(part))) return undefined
  const groups = parts.map(part => Number.parseInt(part, 16))
  for (let i = 0; i < ipv4.length; i += 2) groups.push((ipv4[i]! << 8) | ipv4[i + 1]!)
  return groups
}

/** The text of 4 or 16 bytes; IPv6 as RFC 5952 wants it. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.')
  const groups = Array.from({ length: IPV6_GROUPS }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  const { start, length } = longestZeros(groups)
  const hex = (from: number, to?: number) =>
    groups
      .slice(from, to)
      .map(group => group.toString(16))
      .join(':')
  return length < 2 ? hex(0) : `${hex(0, start)}::${hex(start + length)}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}

/** `1.2.3.4:5` or `[::1]:5`: the same text for the same peer. */
export function formatPeerAddress({ host, port }: PeerAddress): string {
  const bytes = parseIpAddress(host)
  const text = bytes === undefined ? host : formatIpAddress(bytes)
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`
}

/** Addresses of one family in compact form (BEP 23, BEP 7); those of the other family and host names are left out. */
export function encodeCompactPeers(addresses: readonly PeerAddress[], family: 4 | 6): Uint8Array {
  const bytesOfAddress = family === 4 ? IPV4_BYTES : IPV6_BYTES
  const writer = new ByteWriter(addresses.length * (bytesOfAddress + 2))
  for (const { host, port } of addresses) {
    const address = parseIpAddress(host)
    if (address?.length !== bytesOfAddress) continue
    writer
      .writeBytes(address)
      .writeUint8(port >> 8)
      .writeUint8(port & 0xff)
  }
  return writer.toBytes()
}

/**
 * Addresses in compact form. Those with port 0 are left out: nobody can be reached there.
 * @throws {DecodeError} when the length is no multiple of an address's.
 */
export function decodeCompactPeers(bytes: Uint8Array, family: 4 | 6): PeerAddress[] {
  const bytesOfPeer = family === 4 ? COMPACT_IPV4_BYTES : COMPACT_IPV6_BYTES
  if (bytes.length % bytesOfPeer !== 0) throw new DecodeError('a list of compact peers is cut off')
  const reader = new ByteReader(bytes)
  const peers: PeerAddress[] = []
  while (reader.remaining > 0) {
    const host = formatIpAddress(reader.readBytes(bytesOfPeer - 2))
    const port = (reader.readUint8() << 8) | reader.readUint8()
    if (port !== 0) peers.push({ host, port })
  }
  return peers
}
