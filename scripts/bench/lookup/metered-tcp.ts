import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { type TCPComponents, tcp } from '@libp2p/tcp'

/** Bytes that went over one node's sockets: encrypted and framed, without TCP's own headers. */
export interface SocketBytes {
  sent: number
  received: number
}

/** The inside of a libp2p connection where its bytes pass: not public, but the same for every transport. */
interface RawConnection extends MultiaddrConnection {
  sendData(data: SentBytes): { readonly sentBytes: number; readonly canSendMore: boolean }
  sendClose(options?: unknown): Promise<void>
  onData(data: { readonly byteLength: number }): void
}

interface SentBytes extends Iterable<Uint8Array> {
  readonly byteLength: number
}

function after(delayMs: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, delayMs))
}

function count(connection: RawConnection, bytes: SocketBytes): void {
  const sendData = connection.sendData.bind(connection)
  const onData = connection.onData.bind(connection)
  connection.sendData = data => {
    const result = sendData(data)
    bytes.sent += result.sentBytes
    return result
  }
  connection.onData = data => {
    bytes.received += data.byteLength
    onData(data)
  }
}

/** Bytes leave `delayMs` after they were written, in order, and so does the end of the connection. */
function delaySending(connection: RawConnection, delayMs: number): void {
  const sendData = connection.sendData.bind(connection)
  const sendClose = connection.sendClose.bind(connection)
  connection.sendData = data => {
    const { byteLength } = data
    const kept = Object.assign([...data], { byteLength })
    setTimeout(() => {
      if (connection.status === 'open' || connection.status === 'closing') sendData(kept)
    }, delayMs)
    return { sentBytes: byteLength, canSendMore: true }
  }
  connection.sendClose = async options => {
    await after(delayMs)
    await sendClose(options)
  }
}

function watched(upgrader: Upgrader, watch: (connection: RawConnection) => void): Upgrader {
  return {
    upgradeOutbound: (connection: MultiaddrConnection, options: never) => {
      watch(connection as RawConnection)
      return upgrader.upgradeOutbound(connection, options)
    },
    upgradeInbound: (connection: MultiaddrConnection, options: never) => {
      watch(connection as RawConnection)
      return upgrader.upgradeInbound(connection, options)
    },
    createInboundAbortSignal: signal => upgrader.createInboundAbortSignal(signal),
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
  }
}

/**
 * libp2p's TCP transport whose bytes are counted, and arrive later than loopback brings them: whatever a peer sends
 * takes `oneWayDelayMs`, its half of TCP's handshake too.
 */
export function meteredTcp(
  bytes: SocketBytes,
  oneWayDelayMs: number,
): (components: TCPComponents) => Transport {
  const watch = (connection: RawConnection) => {
    count(connection, bytes)
    if (oneWayDelayMs > 0) delaySending(connection, oneWayDelayMs)
  }
  return components => {
    const transport = tcp()(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = async (address, options) => {
      if (oneWayDelayMs > 0) await after(2 * oneWayDelayMs)
      return dial(address, { ...options, upgrader: watched(options.upgrader, watch) })
    }
    transport.createListener = options =>
      createListener({ ...options, upgrader: watched(options.upgrader, watch) })
    return transport
  }
}
