import { createHash } from 'node:crypto'
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import type { PeerHandle, PeerId } from '@onehop/overlay'
import { assert, ByteReader, bytesToHex } from '@onehop/primitives'
import * as Digest from 'multiformats/hashes/digest'
import { MAX_PEERS } from './limits.ts'

interface Entry {
  readonly id: PeerId
  readonly key: string
  readonly hash32: number
  /** The peer id as text; computed when first needed. */
  text?: string | undefined
}

/** The id as libp2p knows it. @throws when the bytes are no peer id. */
export function libp2pPeerId(id: PeerId) {
  return peerIdFromMultihash(Digest.decode(id))
}

/** Peers as small integers: a handle stays the same until the machine releases it, then the number is reused. */
export class PeerTable {
  private readonly entries: (Entry | undefined)[] = []
  private readonly handles = new Map<string, PeerHandle>()
  /** Of the peers whose text was asked for. */
  private readonly handlesByText = new Map<string, PeerHandle>()
  private readonly free: PeerHandle[] = []

  get size(): number {
    return this.handles.size
  }

  get isFull(): boolean {
    return this.handles.size >= MAX_PEERS
  }

  intern(id: PeerId): PeerHandle {
    const key = bytesToHex(id)
    const known = this.handles.get(key)
    if (known !== undefined) return known
    const handle = this.free.pop() ?? (this.entries.length as PeerHandle)
    const digest = createHash('sha256').update(id).digest()
    const hash32 = new ByteReader(digest).readUint32BE()
    this.entries[handle] = { id: id.slice(), key, hash32 }
    this.handles.set(key, handle)
    return handle
  }

  /** The handle of a peer that has one. */
  find(id: PeerId): PeerHandle | undefined {
    return this.handles.get(bytesToHex(id))
  }

  /** The handle that {@link textOf} shows like this. */
  findByText(text: string): PeerHandle | undefined {
    const known = this.handlesByText.get(text)
    if (known !== undefined) return known
    try {
      const found = this.find(peerIdFromString(text).toMultihash().bytes)
      if (found !== undefined) this.textOf(found)
      return found
    } catch {
      return this.handles.get(text)
    }
  }

  idOf(peer: PeerHandle): PeerId {
    return this.entry(peer).id
  }

  hash32(peer: PeerHandle): number {
    return this.entry(peer).hash32
  }

  /** The peer id as text. Of bytes that are no peer id: their digits, which no dial accepts. */
  textOf(peer: PeerHandle): string {
    const entry = this.entry(peer)
    if (entry.text === undefined) {
      try {
        entry.text = libp2pPeerId(entry.id).toString()
      } catch {
        entry.text = entry.key
      }
      this.handlesByText.set(entry.text, peer)
    }
    return entry.text
  }

  /** The machine no longer holds it. */
  release(peer: PeerHandle): void {
    const entry = this.entries[peer]
    if (entry === undefined) return
    this.entries[peer] = undefined
    this.handles.delete(entry.key)
    if (entry.text !== undefined) this.handlesByText.delete(entry.text)
    this.free.push(peer)
  }

  private entry(peer: PeerHandle): Entry {
    const entry = this.entries[peer]
    assert(entry !== undefined, `handle ${peer} was released`)
    return entry
  }
}
