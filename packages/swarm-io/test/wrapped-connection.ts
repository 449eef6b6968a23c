import type { WireConnection } from '@onehop/swarm'

/** The connection with some of its methods replaced. */
export function wrap(connection: WireConnection, changes: Partial<WireConnection>): WireConnection {
  return {
    remotePeer: connection.remotePeer,
    send: bytes => connection.send(bytes),
    onData: listener => connection.onData(listener),
    onDrain: listener => connection.onDrain(listener),
    onClose: listener => connection.onClose(listener),
    close: () => connection.close(),
    ...changes,
  }
}

/** Hands over nothing after so many bytes until it is released. */
export function pausing(
  connection: WireConnection,
  bytesUntilPause: number,
  release: Promise<void>,
): WireConnection {
  let received = 0
  return wrap(connection, {
    onData: listener =>
      connection.onData(bytes => {
        received += bytes.length
        if (received < bytesUntilPause) listener(bytes)
        else void release.then(() => listener(bytes))
      }),
  })
}

export function closingAfter(connection: WireConnection, bytesUntilClose: number): WireConnection {
  let received = 0
  return wrap(connection, {
    onData: listener =>
      connection.onData(bytes => {
        received += bytes.length
        if (received < bytesUntilClose) listener(bytes)
        else connection.close()
      }),
  })
}

/** Changes a byte in everything large that is sent: that is where blocks are. */
export function corruptingBlocks(connection: WireConnection): WireConnection {
  return wrap(connection, {
    send: bytes => {
      if (bytes.length > 16 * 1024) bytes[bytes.length - 1]! ^= 0xff
      return connection.send(bytes)
    },
  })
}

export function muteAfterHandshake(connection: WireConnection): WireConnection {
  return wrap(connection, { send: bytes => (bytes.length === 68 ? connection.send(bytes) : true) })
}
