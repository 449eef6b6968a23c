import type { Socket } from 'node:net'
import { formatPeerAddress, type PeerAddress, type WireConnection } from '@onehop/swarm'
import { TCP_CLOSE_GRACE_MS } from './limits.ts'

/** What changes the bytes of a connection on their way, in place. */
export interface StreamCiphers {
  /** Only the beginning is encrypted. */
  readonly isPlain?: boolean
  decrypt(bytes: Uint8Array): void
  encrypt(bytes: Uint8Array): void
}

/**
 * A TCP socket as the swarm's byte pipe. Whoever made the socket hands over what it reads with {@link receive}; what
 * nobody listens for is kept, and the socket stands still until somebody does.
 */
export class TcpConnection implements WireConnection {
  readonly transport = 'tcp'
  readonly address: PeerAddress
  readonly remotePeer: string
  private readonly socket: Socket
  private ciphers: StreamCiphers | undefined
  private dataListener: ((bytes: Uint8Array) => void) | undefined
  private closeListener: ((error?: Error) => void) | undefined
  private held: Uint8Array[] = []
  private isPaused = false
  private isReading = true
  private isClosing = false
  private isSettling = false
  private ended: { readonly error?: Error } | undefined
  private failure: Error | undefined
  private closeTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, address: PeerAddress) {
    this.socket = socket
    this.address = address
    this.remotePeer = formatPeerAddress(address)
    socket.setNoDelay(true)
    socket.on('error', error => {
      this.failure = error
    })
    socket.on('end', () => this.endWriting())
    socket.on('close', () => this.onSocketClosed())
  }

  get isEncrypted(): boolean {
    return this.ciphers !== undefined && !this.ciphers.isPlain
  }

  /** From now on everything goes through the ciphers, in both directions; what is held has not. */
  useCiphers(ciphers: StreamCiphers): void {
    for (const bytes of this.held) ciphers.decrypt(bytes)
    this.ciphers = ciphers
  }

  send(bytes: Uint8Array): boolean {
    if (this.isClosing || this.ended) return false
    this.ciphers?.encrypt(bytes)
    return this.socket.write(bytes)
  }

  onData(listener: ((bytes: Uint8Array) => void) | undefined): void {
    this.dataListener = listener
    this.flowSoon()
  }

  onDrain(listener: () => void): void {
    this.socket.on('drain', listener)
  }

  onClose(listener: (error?: Error) => void): void {
    this.closeListener = listener
    this.flowSoon()
  }

  pause(): void {
    this.isPaused = true
    this.flowSoon()
  }

  resume(): void {
    this.isPaused = false
    this.flowSoon()
  }

  close(): void {
    this.held = []
    this.endWriting()
  }

  private endWriting(): void {
    if (this.isClosing || this.ended) return
    this.isClosing = true
    this.socket.end()
    this.closeTimer = setTimeout(() => this.socket.destroy(), TCP_CLOSE_GRACE_MS)
    this.closeTimer.unref()
  }

  /** Ends the connection at once; what was sent may be lost. */
  destroy(): void {
    this.isClosing = true
    this.socket.destroy()
  }

  /** The socket has read this. The bytes are kept only as a copy. */
  receive(bytes: Uint8Array): void {
    this.ciphers?.decrypt(bytes)
    if (this.isFlowing && this.held.length === 0) this.dataListener?.(bytes)
    else this.hold(bytes.slice())
  }

  /** Puts back what was read too much, before anything else is delivered. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.held.unshift(bytes.slice())
  }

  private hold(bytes: Uint8Array): void {
    this.held.push(bytes)
    this.flowSoon()
  }

  private get isFlowing(): boolean {
    return !this.isPaused && this.dataListener !== undefined
  }

  /** In a turn of its own: whoever sets a listener is not called by it before it is done. */
  private flowSoon(): void {
    if (this.isSettling) return
    this.isSettling = true
    queueMicrotask(() => {
      this.isSettling = false
      this.flow()
    })
  }

  /** Delivers what is held, and lets the socket read or not. */
  private flow(): void {
    while (this.isFlowing && this.held.length > 0) this.dataListener?.(this.held.shift()!)
    if (this.isReading !== this.isFlowing) {
      this.isReading = this.isFlowing
      if (this.isReading) this.socket.resume()
      else this.socket.pause()
    }
    this.reportEnd()
  }

  private onSocketClosed(): void {
    clearTimeout(this.closeTimer)
    this.isClosing = true
    this.ended = this.failure === undefined ? {} : { error: this.failure }
    this.reportEnd()
  }

  /** The end is told after the last data, an error at once. */
  private reportEnd(): void {
    const { ended, closeListener } = this
    if (!ended || !closeListener || (ended.error === undefined && this.held.length > 0)) return
    this.closeListener = undefined
    closeListener(ended.error)
  }
}
