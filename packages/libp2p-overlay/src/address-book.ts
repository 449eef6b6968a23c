import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { PeerAddress } from '@onehop/overlay'
import { BoundedMap, equalBytes } from '@onehop/primitives'
import { MAX_ADDRESS_BOOK_PEERS, MAX_ADDRESS_BYTES, MAX_ADDRESSES_PER_PEER } from './limits.ts'

/** Without the peer id at its end. The id of a relay in its middle stays. */
export function withoutPeerId(address: Multiaddr): Multiaddr {
  const last = address.getComponents().at(-1)
  return last?.code === CODE_P2P ? address.decapsulateCode(CODE_P2P) : address
}

/** The bytes of an address without the peer id at its end. */
export function addressBytes(address: Multiaddr): PeerAddress {
  return withoutPeerId(address).bytes
}

/** An address that ends in a peer id, and the id; undefined for any other text. */
export function parseNamedAddress(text: string): { address: Multiaddr; peerId: string } | undefined {
  try {
    const address = multiaddr(text)
    const peerId = address.getComponents().findLast(component => component.code === CODE_P2P)?.value
    return peerId === undefined ? undefined : { address, peerId: peerIdFromString(peerId).toString() }
  } catch {
    return undefined
  }
}

/** Undefined for what is no address, or too long for one. */
export function parseAddress(bytes: PeerAddress): Multiaddr | undefined {
  if (bytes.length === 0 || bytes.length > MAX_ADDRESS_BYTES) return undefined
  try {
    return withoutPeerId(multiaddr(bytes))
  } catch {
    return undefined
  }
}

/**
 * Where peers can be dialled, as the overlay learned it. What cannot be parsed is left out. A peer takes some 150 bytes:
 * its addresses are one string of a byte a character, each behind a character for its length.
 */
export class AddressBook {
  private readonly book = new BoundedMap<string, string>(MAX_ADDRESS_BOOK_PEERS)

  /** Newest first; the oldest beyond the limit are forgotten. @returns whether the peer was not in the book. */
  learn(peerId: string, addresses: readonly PeerAddress[]): boolean {
    const known = this.book.get(peerId)
    const told = addresses.slice(0, MAX_ADDRESSES_PER_PEER)
    if (known?.startsWith(pack(told)) && told.length > 0) return false
    const fresh = told.map(parseAddress).filter(address => address !== undefined)
    if (fresh.length === 0) return false
    const entries = [...fresh.map(({ bytes }) => bytes), ...unpack(known ?? '')]
    const distinct = entries.filter((entry, i) => entries.findIndex(other => equalBytes(other, entry)) === i)
    this.book.set(peerId, pack(distinct.slice(0, MAX_ADDRESSES_PER_PEER)))
    return known === undefined
  }

  addressesOf(peerId: string): readonly Multiaddr[] {
    return unpack(this.book.get(peerId) ?? '').map(bytes => multiaddr(bytes))
  }

  peers(): IterableIterator<string> {
    return this.book.keys()
  }
}

function pack(addresses: readonly PeerAddress[]): string {
  return addresses
    .map(bytes => String.fromCharCode(bytes.length) + Buffer.from(bytes).toString('latin1'))
    .join('')
}

function unpack(packed: string): PeerAddress[] {
  const addresses: PeerAddress[] = []
  for (let at = 0; at < packed.length; ) {
    const end = at + 1 + packed.charCodeAt(at)
    addresses.push(new Uint8Array(Buffer.from(packed.slice(at + 1, end), 'latin1')))
    at = end
  }
  return addresses
}
