import type { Logger } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '@onehop/overlay'
import { type AddressBook, addressBytes, parseNamedAddress } from './address-book.ts'
import type { OverlayComponents } from './components.ts'
import { OPEN_TIMEOUT_MS } from './limits.ts'

/** Turns the addresses that a user gave into peers to join through. */
export class Introducers {
  private readonly components: OverlayComponents
  private readonly book: AddressBook
  private readonly log: Logger

  constructor(components: OverlayComponents, book: AddressBook) {
    this.components = components
    this.book = book
    this.log = components.logger.forComponent('onehop:overlay:introducers')
  }

  /**
   * Dials. Undefined when nobody answers and the address names nobody, or when it is our own.
   * @throws the signal's reason.
   */
  async reach(address: string, signal?: AbortSignal): Promise<PeerId | undefined> {
    const timeout = AbortSignal.timeout(OPEN_TIMEOUT_MS)
    try {
      const target = multiaddr(address)
      const connection = await this.components.connectionManager.openConnection(target, {
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      this.book.learn(connection.remotePeer.toString(), [addressBytes(target)])
      return connection.remotePeer.toMultihash().bytes
    } catch (error) {
      this.log('introducer %s does not answer: %e', address, error)
      signal?.throwIfAborted()
      return this.named(address)
    }
  }

  /** The peer that an address names, with the address put into the book for later. */
  private named(address: string): PeerId | undefined {
    const named = parseNamedAddress(address)
    if (named === undefined || named.peerId === this.components.peerId.toString()) return undefined
    this.book.learn(named.peerId, [addressBytes(named.address)])
    return peerIdFromString(named.peerId).toMultihash().bytes
  }
}
