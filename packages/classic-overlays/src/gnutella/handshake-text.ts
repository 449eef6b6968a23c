import { bytesToHex, DecodeError, hexToBytes, utf8Encode } from '@onehop/primitives'
import { decodeEntry, encodeEntry, entryLength } from './extensions.ts'
import { ID_BYTES, MAX_TEXT_BYTES } from './limits.ts'
import type { Accept, Connect, Giv } from './messages.ts'

/** What is said in text: the handshake of 0.4, and the line that a Push brings about. */
export type TextMessage = Connect | Accept | Giv

/** 0.4's first line, then a header as 0.6 has them: who connects, for others to be told of it. */
const CONNECT = 'GNUTELLA CONNECT/0.4\nX-Peer: '
const ACCEPT = 'GNUTELLA OK\n\n'
const GIV = 'GIV '
const END = '\n\n'
const GIV_FORM = /^GIV (\d{1,10}):([0-9a-f]{32})\/\n\n$/
const CONNECT_FORM = /^GNUTELLA CONNECT\/0\.4\nX-Peer: ((?:[0-9a-f]{2})+)\n\n$/

/** Bytes with which a text begins: no descriptor of ours does, for byte 8 of its id is 0xff. */
const BEGINNINGS = ['GNUTELLA ', GIV].map(text => utf8Encode(text))

export function isText(bytes: Uint8Array): boolean {
  return BEGINNINGS.some(beginning => beginning.every((byte, i) => bytes[i] === byte))
}

export function encodeText(message: TextMessage): Uint8Array {
  return utf8Encode(textOf(message))
}

function textOf(message: TextMessage): string {
  switch (message.type) {
    case 'connect':
      return `${CONNECT}${bytesToHex(encodeEntry(message.peer))}${END}`
    case 'ok':
      return ACCEPT
    case 'giv':
      return `${GIV}${message.fileIndex}:${bytesToHex(message.serventId)}/${END}`
  }
}

export function textLength(message: TextMessage): number {
  switch (message.type) {
    case 'connect':
      return CONNECT.length + 2 * entryLength(message.peer) + END.length
    case 'ok':
      return ACCEPT.length
    case 'giv':
      return GIV.length + String(message.fileIndex).length + 1 + 2 * ID_BYTES + 1 + END.length
  }
}

/** @throws {DecodeError} */
export function decodeText(bytes: Uint8Array): TextMessage {
  if (bytes.length > MAX_TEXT_BYTES || bytes.some(byte => byte > 0x7f))
    throw new DecodeError('gnutella: a line that is none')
  const text = String.fromCharCode(...bytes)
  if (text === ACCEPT) return { type: 'ok' }
  const peer = CONNECT_FORM.exec(text)?.[1]
  if (peer !== undefined) return { type: 'connect', peer: decodeEntry(hexToBytes(peer)) }
  const [, index, serventId] = GIV_FORM.exec(text) ?? []
  if (index === undefined || serventId === undefined || Number(index) > 0xffff_ffff)
    throw new DecodeError('gnutella: a line that is none')
  return { type: 'giv', fileIndex: Number(index), serventId: hexToBytes(serventId) }
}
