import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { FramedStream } from '@onehop/libp2p-overlay'

/** Over our own framed streams, or over what an application of libp2p would take. */
export type RequestKind = 'framed' | 'lpStream'

const KINDS: readonly RequestKind[] = ['framed', 'lpStream']

const PROTOCOLS: Readonly<Record<RequestKind, string>> = {
  framed: '/onehop-bench/framed/1',
  lpStream: '/onehop-bench/lp-stream/1',
}

/** As a lookup's: a key and who asks for it, and a signed pointer with an address. */
const REQUEST = new Uint8Array(64)
const REPLY = new Uint8Array(300)

const LIMITS = { maxFrameBytes: 1024, maxQueuedBytes: 64 * 1024 }

/** Sends a request and waits for the reply. */
type Ask = () => Promise<void>

function askFramed(stream: Stream): Ask {
  let answered = () => {}
  const framed = new FramedStream(stream, LIMITS, { onFrame: () => answered(), onClose: () => {} })
  return () =>
    new Promise(resolve => {
      answered = resolve
      framed.send(REQUEST)
    })
}

function askLpStream(stream: Stream): Ask {
  const framed = lpStream(stream)
  return async () => {
    await framed.write(REQUEST)
    await framed.read()
  }
}

function answerFramed(stream: Stream): void {
  const framed: FramedStream = new FramedStream(stream, LIMITS, {
    onFrame: () => framed.send(REPLY),
    onClose: () => {},
  })
}

async function answerLpStream(stream: Stream): Promise<void> {
  const framed = lpStream(stream)
  for (;;) {
    await framed.read()
    await framed.write(REPLY)
  }
}

/** The bare request and response that a lookup is compared with: a stream for each peer, open already. */
export class BareRequests {
  private readonly libp2p: Libp2p
  private readonly streams = new Map<string, Ask>()

  constructor(libp2p: Libp2p) {
    this.libp2p = libp2p
  }

  async start(): Promise<void> {
    await this.libp2p.handle(PROTOCOLS.framed, answerFramed)
    await this.libp2p.handle(PROTOCOLS.lpStream, stream => answerLpStream(stream).catch(() => {}))
  }

  /** Opens a stream of each kind to the peer, and uses it once. */
  async open(peer: PeerId): Promise<void> {
    for (const kind of KINDS) {
      const name = nameOf(peer, kind)
      const stream = await this.libp2p.dialProtocol(peer, PROTOCOLS[kind])
      stream.addEventListener('close', () => this.streams.delete(name))
      const ask = kind === 'framed' ? askFramed(stream) : askLpStream(stream)
      await ask()
      this.streams.set(name, ask)
    }
  }

  isOpen(peer: PeerId, kind: RequestKind): boolean {
    return this.streams.has(nameOf(peer, kind))
  }

  /** Over a stream that is open. */
  async ask(peer: PeerId, kind: RequestKind): Promise<void> {
    await this.streams.get(nameOf(peer, kind))?.()
  }
}

function nameOf(peer: PeerId, kind: RequestKind): string {
  return `${kind} ${peer.toString()}`
}
