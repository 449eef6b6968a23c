import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import { isRelayed } from '@onehop/libp2p-overlay'
import { DecodeError, ProtobufReader, ProtobufWriter } from '@onehop/primitives'
import { type Candidate, withPeerId } from './connection-keeper.ts'
import { MAX_TOLD_ADDRESS_BYTES, MAX_TOLD_ADDRESSES } from './limits.ts'

const ADDRESS = 1

/** Where peers listen, as one tells another: Protobuf, a multiaddr with the peer's id in each field. */
export function encodePeerList(peers: readonly Candidate[]): Uint8Array {
  const list = new ProtobufWriter()
  const addresses = peers.flatMap(({ peerId, addresses: all }) => all.map(each => withPeerId(each, peerId)))
  for (const address of addresses.slice(0, MAX_TOLD_ADDRESSES)) list.bytes(ADDRESS, address.bytes)
  return list.toBytes()
}

/** One candidate for each address. @throws {DecodeError} for bytes that are no such list, or exceed its limits. */
export function decodePeerList(bytes: Uint8Array): Candidate[] {
  const reader = new ProtobufReader(bytes)
  const peers: Candidate[] = []
  while (reader.next()) {
    if (reader.field !== ADDRESS) reader.skip()
    else if (peers.length === MAX_TOLD_ADDRESSES) throw new DecodeError('peer list: too many addresses')
    else peers.push(candidateAt(reader.bytes(MAX_TOLD_ADDRESS_BYTES)))
  }
  return peers
}

function candidateAt(bytes: Uint8Array): Candidate {
  try {
    const address = multiaddr(bytes)
    const last = address.getComponents().at(-1)
    if (last?.code === CODE_P2P && last.value !== undefined && !isRelayed(address))
      return { peerId: peerIdFromString(last.value).toString(), addresses: [address] }
  } catch {}
  throw new DecodeError('peer list: not a peer’s own address')
}
