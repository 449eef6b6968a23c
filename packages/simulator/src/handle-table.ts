import type { PeerHandle, PeerId } from '@onehop/overlay'
import { AssertionError, bytesKey } from '@onehop/primitives'
import { hash32Of } from './node-directory.ts'

interface Entry {
  readonly id: PeerId
  readonly text: string
  readonly hash32: number
}

/**
 * One machine's handles. A released number goes to the next peer at once, so that a machine that uses a handle after
 * its release is found out.
 */
export class HandleTable {
  private readonly entries: (Entry | undefined)[] = []
  private readonly handles = new Map<string, PeerHandle>()
  private readonly free: PeerHandle[] = []

  /** Handles in use. */
  get size(): number {
    return this.handles.size
  }

  intern(id: PeerId): PeerHandle {
    const text = bytesKey(id)
    const known = this.handles.get(text)
    if (known !== undefined) return known
    const handle = this.free.pop() ?? (this.entries.length as PeerHandle)
    this.entries[handle] = { id: id.slice(), text, hash32: hash32Of(id) }
    this.handles.set(text, handle)
    return handle
  }

  idOf(peer: PeerHandle): PeerId {
    return this.entry(peer).id
  }

  hash32(peer: PeerHandle): number {
    return this.entry(peer).hash32
  }

  release(peer: PeerHandle): void {
    this.handles.delete(this.entry(peer).text)
    this.entries[peer] = undefined
    this.free.push(peer)
  }

  private entry(peer: PeerHandle): Entry {
    const entry = this.entries[peer]
    if (entry === undefined) throw new AssertionError(`handle ${peer} was released`)
    return entry
  }
}
