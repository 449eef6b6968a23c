import { createHash } from 'node:crypto'
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import type { PeerHandle, PeerId } from '@onehop/overlay'
import { assert, BoundedMap, ByteReader, bytesToHex } from '@onehop/primitives'
import * as Digest from 'multiformats/hashes/digest'
import { MAX_CACHED_PEER_TEXTS, MAX_PEERS } from './limits.ts'

/** The id as libp2p knows it. @throws when the bytes are no peer id. */
export function libp2pPeerId(id: PeerId) {
  return peerIdFromMultihash(Digest.decode(id))
}

/** The bytes of a peer id as a string of one byte a character: the most compact key of a Map that V8 has. */
export function peerKey(id: PeerId): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')
}

/**
 * Peers as small integers: a handle stays the same until the machine releases it, then the number is reused. Some 100
 * bytes a peer: a machine may know thousands, and has links to few.
 */
export class PeerTable {
  private readonly keys: (string | undefined)[] = []
  private readonly hashes: number[] = []
  private readonly handles = new Map<string, PeerHandle>()
  private readonly free: PeerHandle[] = []
  /** Both ways, of the peers that were spoken with of late. */
  private readonly texts = new BoundedMap<PeerHandle, string>(MAX_CACHED_PEER_TEXTS)
  private readonly keysByText = new BoundedMap<string, string>(MAX_CACHED_PEER_TEXTS)

  get size(): number {
    return this.handles.size
  }

  get isFull(): boolean {
    return this.handles.size >= MAX_PEERS
  }

  intern(id: PeerId): PeerHandle {
    const key = peerKey(id)
    const known = this.handles.get(key)
    if (known !== undefined) return known
    const handle = this.free.pop() ?? (this.keys.length as PeerHandle)
    this.keys[handle] = key
    this.hashes[handle] = new ByteReader(createHash('sha256').update(id).digest()).readUint32BE()
    this.handles.set(key, handle)
    return handle
  }

  /** The handle of a peer that has one. */
  find(id: PeerId): PeerHandle | undefined {
    return this.handles.get(peerKey(id))
  }

  /** The handle that {@link textOf} shows like this. */
  findByText(text: string): PeerHandle | undefined {
    const key = this.keysByText.touch(text) ?? keyOfText(text)
    if (key === undefined) return undefined
    const handle = this.handles.get(key)
    if (handle !== undefined) this.keysByText.set(text, key)
    return handle
  }

  /** A copy. */
  idOf(peer: PeerHandle): PeerId {
    return new Uint8Array(Buffer.from(this.keyOf(peer), 'latin1'))
  }

  /** The id as {@link peerKey} writes it. */
  keyOf(peer: PeerHandle): string {
    const key = this.keys[peer]
    assert(key !== undefined, `handle ${peer} was released`)
    return key
  }

  hash32(peer: PeerHandle): number {
    this.keyOf(peer)
    return this.hashes[peer]!
  }

  /** The peer id as text. Of bytes that are no peer id: their digits, which no dial accepts. */
  textOf(peer: PeerHandle): string {
    const cached = this.texts.touch(peer)
    if (cached !== undefined) return cached
    const text = textOfId(this.idOf(peer))
    this.texts.set(peer, text)
    return text
  }

  /** The machine no longer holds it. */
  release(peer: PeerHandle): void {
    const key = this.keys[peer]
    if (key === undefined) return
    this.keys[peer] = undefined
    this.handles.delete(key)
    this.texts.delete(peer)
    this.free.push(peer)
  }
}

function textOfId(id: PeerId): string {
  try {
    return libp2pPeerId(id).toString()
  } catch {
    return bytesToHex(id)
  }
}

function keyOfText(text: string): string | undefined {
  try {
    return peerKey(peerIdFromString(text).toMultihash().bytes)
  } catch {
    return /^(?:[0-9a-f]{2})+$/.test(text) ? Buffer.from(text, 'hex').toString('latin1') : undefined
  }
}
