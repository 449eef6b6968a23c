import { once } from 'node:events'
import { connect } from 'node:net'
import type { PeerAddress } from '@onehop/swarm'
import { TCP_CONNECT_TIMEOUT_MS, TCP_READ_BYTES, TCP_WRITE_AHEAD_BYTES } from './limits.ts'
import { TcpConnection } from './tcp-connection.ts'

/** All dialled sockets read into it: what is read is dealt with before the next one reads. */
const READ_BUFFER = new Uint8Array(TCP_READ_BYTES)

/** Opens a TCP connection. @throws when nobody takes it, in time, or the signal is aborted. */
export async function dialTcp({ host, port }: PeerAddress, signal: AbortSignal): Promise<TcpConnection> {
  signal.throwIfAborted()
  let connection: TcpConnection | undefined
  const callback = (bytesRead: number) => {
    connection?.receive(READ_BUFFER.subarray(0, bytesRead))
    return true
  }
  const onread = { buffer: READ_BUFFER, callback }
  const options = { host, port, onread, writableHighWaterMark: TCP_WRITE_AHEAD_BYTES }
  const socket = connect(options)
  try {
    await once(socket, 'connect', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TCP_CONNECT_TIMEOUT_MS)]),
    })
  } catch (error) {
    socket.destroy()
    throw error
  }
  connection = new TcpConnection(socket, { host: socket.remoteAddress ?? host, port })
  return connection
}
