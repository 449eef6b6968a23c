import { Socket } from 'node:net'
import type { MultiaddrConnection } from '@libp2p/interface'
import { MAX_WHOLE_WRITE_BYTES, MIN_RELEASED_BYTES } from './limits.ts'
import { releaseMemory } from './release-memory.ts'

/** Of all connections: as a rule the system has taken everything when `write` returns. */
let memory = new Uint8Array(MAX_WHOLE_WRITE_BYTES)

/**
 * From now on each `send` of an encrypted connection is one write to its socket. libp2p writes each part by itself, and
 * Noise makes three of every message (length, bytes, tag): as many system calls, packets, and wake-ups of the peer.
 */
export function writeWhole(connection: MultiaddrConnection): void {
  const { socket } = connection as { readonly socket?: unknown }
  // Relayed connections have none.
  if (!(socket instanceof Socket)) return
  const isIdle = () => socket.writableLength === 0 && connection.writeBufferLength === 0
  const send = connection.send.bind(connection)
  connection.send = data => {
    if (data instanceof Uint8Array || data.byteLength > memory.length || !isIdle()) return send(data)
    if (data.byteLength < MIN_RELEASED_BYTES) return send(data.subarray())
    let length = 0
    for (const part of data) {
      memory.set(part, length)
      length += part.length
      // Noise made it for this message.
      releaseMemory(part)
    }
    const hasRoom = send(memory.subarray(0, length))
    if (!isIdle()) memory = new Uint8Array(MAX_WHOLE_WRITE_BYTES)
    return hasRoom
  }
}
