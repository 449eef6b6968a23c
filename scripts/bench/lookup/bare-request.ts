import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { FramedStream } from '@onehop/libp2p-overlay'

const PROTOCOL = '/onehop-bench/request/1'

/** As a lookup's: a key and who asks for it, and a signed pointer with an address. */
const REQUEST = new Uint8Array(64)
const REPLY = new Uint8Array(300)

const LIMITS = { maxFrameBytes: 1024, maxQueuedBytes: 64 * 1024 }

/** The bare request and response that a lookup is compared with: one stream a peer, open already, and frames on it. */
export class BareRequests {
  private readonly libp2p: Libp2p
  private readonly streams = new Map<string, { readonly stream: FramedStream; answered: () => void }>()

  constructor(libp2p: Libp2p) {
    this.libp2p = libp2p
  }

  async start(): Promise<void> {
    await this.libp2p.handle(PROTOCOL, stream => this.answer(stream))
  }

  /** Asks the peer. The first request to a peer opens the stream, the others find it warm. */
  async ask(peer: PeerId): Promise<void> {
    const known = this.streams.get(peer.toString()) ?? (await this.open(peer))
    await new Promise<void>(resolve => {
      known.answered = resolve
      known.stream.send(REQUEST)
    })
  }

  private answer(stream: Stream): void {
    const framed: FramedStream = new FramedStream(stream, LIMITS, {
      onFrame: () => framed.send(REPLY),
      onClose: () => {},
    })
  }

  private async open(peer: PeerId) {
    const name = peer.toString()
    const stream = new FramedStream(await this.libp2p.dialProtocol(peer, PROTOCOL), LIMITS, {
      onFrame: () => known.answered(),
      onClose: () => this.streams.delete(name),
    })
    const known = { stream, answered: () => {} }
    this.streams.set(name, known)
    return known
  }
}
