/**
 * A process that asks one seeder for all of the torrent of its first argument and throws away what comes, unverified:
 * what the seeder can send.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import {
  BLOCK_BYTES,
  DEFAULT_PEER_QUEUE,
  encodedMessageLength,
  encodeHandshake,
  HANDSHAKE_BYTES,
  PEER_ID_BYTES,
  parseTorrentFile,
  pieceLengthAt,
  WireDecoder,
  type WireMessage,
  writeMessage,
} from '@onehop/swarm'
import { report, toldOfSeeders } from './leecher-report.ts'

const READ_BYTES = 256 * 1024

const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest())
const torrent = parseTorrentFile(readFileSync(process.argv[2]!), { sha1 })
if (!torrent.ok) throw new Error(torrent.code)
const { info } = torrent.value
const [port] = await toldOfSeeders<number>()

/** The requests for everything, one after the other. */
function* requests(): Generator<WireMessage> {
  for (let at = 0; at < info.lengthBytes; at += BLOCK_BYTES) {
    const piece = Math.floor(at / info.pieceLengthBytes)
    const begin = at % info.pieceLengthBytes
    const length = Math.min(BLOCK_BYTES, pieceLengthAt(info, piece) - begin)
    yield { type: 'request', piece, begin, length }
  }
}

function encoded(messages: readonly WireMessage[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, message) => sum + encodedMessageLength(message), 0))
  let at = 0
  for (const message of messages) at = writeMessage(message, bytes, at)
  return bytes
}

await report(async () => {
  const left = requests()
  let isChoked = true
  let asked = 0
  let greetingLeft = HANDSHAKE_BYTES
  let received = 0
  const decoder = new WireDecoder({
    onMessage({ type }) {
      if (type === 'choke' || type === 'unchoke') isChoked = type === 'choke'
    },
    onBlockStart() {},
    onBlockBytes(bytes) {
      received += bytes.length
    },
    onBlockEnd() {
      asked--
    },
  })

  function askForMore(): void {
    if (isChoked || asked > DEFAULT_PEER_QUEUE / 2) return
    const more: WireMessage[] = []
    for (; asked < DEFAULT_PEER_QUEUE; asked++) {
      const { value, done } = left.next()
      if (done) break
      more.push(value)
    }
    if (more.length > 0) socket.write(encoded(more))
  }

  function onBytes(bytes: Uint8Array): void {
    const greeting = Math.min(greetingLeft, bytes.length)
    greetingLeft -= greeting
    // Not before it has answered: aria2 hangs up on who says more with the handshake.
    if (greeting > 0 && greetingLeft === 0) socket.write(encoded([{ type: 'interested' }]))
    decoder.push(bytes.subarray(greeting))
    askForMore()
    if (received >= info.lengthBytes) socket.end()
  }

  const buffer = new Uint8Array(READ_BYTES)
  const callback = (bytesRead: number) => {
    onBytes(buffer.subarray(0, bytesRead))
    return true
  }
  const socket = connect({ host: '127.0.0.1', port: port!, onread: { buffer, callback } })
  socket.setNoDelay(true)
  const peerId = new Uint8Array(PEER_ID_BYTES).fill(0x2d)
  socket.write(encodeHandshake({ infohash: info.infohash, peerId, extensions: false }))
  await once(socket, 'close')
  if (received < info.lengthBytes) throw new Error('the seeder hung up')
})
