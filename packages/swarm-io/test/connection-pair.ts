import type { WireConnection } from '@onehop/swarm'

const DEFAULT_WINDOW_BYTES = 512 * 1024

export interface PairOptions {
  /** How many bytes may be under way before `send` says no. */
  readonly windowBytes?: number
  /** Sees, and may replace, what goes from the first end to the second. */
  readonly tamper?: (bytes: Uint8Array) => Uint8Array
}

/** One end of a stream in memory: ordered, with back-pressure, each send delivered in a turn of its own. */
class MemoryConnection implements WireConnection {
  readonly remotePeer: string
  other!: MemoryConnection
  sentBytes = 0
  private readonly windowBytes: number
  private readonly tamper: (bytes: Uint8Array) => Uint8Array
  private underWay = 0
  private isFull = false
  private isClosed = false
  private data: ((bytes: Uint8Array) => void) | undefined
  private drain: (() => void) | undefined
  private closed: ((error?: Error) => void) | undefined
  private readonly early: Uint8Array[] = []

  constructor(remotePeer: string, windowBytes: number, tamper: (bytes: Uint8Array) => Uint8Array) {
    this.remotePeer = remotePeer
    this.windowBytes = windowBytes
    this.tamper = tamper
  }

  send(bytes: Uint8Array): boolean {
    if (this.isClosed) return true
    this.sentBytes += bytes.length
    this.underWay += bytes.length
    const delivered = this.tamper(bytes)
    setImmediate(() => {
      this.underWay -= bytes.length
      this.other.receive(delivered)
      if (this.isFull && this.underWay < this.windowBytes / 2) {
        this.isFull = false
        this.drain?.()
      }
    })
    this.isFull = this.underWay >= this.windowBytes
    return !this.isFull
  }

  private receive(bytes: Uint8Array): void {
    if (this.isClosed) return
    if (this.data) this.data(bytes)
    else this.early.push(bytes)
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.data = listener
    for (const bytes of this.early.splice(0)) listener(bytes)
  }

  onDrain(listener: () => void): void {
    this.drain = listener
  }

  onClose(listener: (error?: Error) => void): void {
    this.closed = listener
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.closed?.()
    setImmediate(() => this.other.close())
  }
}

/** Two ends of one stream. The first is held by `dialler` and sees `listener` at the other end. */
export function connectionPair(
  dialler: string,
  listener: string,
  options: PairOptions = {},
): [WireConnection & { readonly sentBytes: number }, WireConnection & { readonly sentBytes: number }] {
  const window = options.windowBytes ?? DEFAULT_WINDOW_BYTES
  const same = (bytes: Uint8Array) => bytes
  const first = new MemoryConnection(listener, window, options.tamper ?? same)
  const second = new MemoryConnection(dialler, window, same)
  first.other = second
  second.other = first
  return [first, second]
}
