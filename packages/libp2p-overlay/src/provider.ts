import { multiaddr } from '@multiformats/multiaddr'
import type { PeerAddress, PeerId, Pointer } from '@onehop/overlay'
import { encodeBase58 } from '@onehop/primitives'

/** Who a pointer leads to, as text. */
export interface ProviderDescription {
  readonly peerId: string
  /** Multiaddrs that end in the peer id. What cannot be parsed is left out. */
  readonly addresses: readonly string[]
  /** Unix time in seconds. */
  readonly expiresAt: number
}

/** A peer id as libp2p writes those of Ed25519 keys: Base58 of its bytes. */
export function peerIdText(id: PeerId): string {
  return encodeBase58(id)
}

/** Who a pointer leads to, for people and JSON. */
export function describeProvider({ provider, addresses, expiresAt }: Pointer): ProviderDescription {
  const peerId = peerIdText(provider)
  return {
    peerId,
    addresses: addresses
      .map(addressText)
      .flatMap(text => (text === undefined ? [] : [`${text}/p2p/${peerId}`])),
    expiresAt,
  }
}

function addressText(address: PeerAddress): string | undefined {
  try {
    return multiaddr(address).toString()
  } catch {
    return undefined
  }
}
