import {
  encodedPointerLength,
  isLive,
  type Key,
  type PeerId,
  type Pointer,
  publicationId,
} from '@onehop/overlay'
import { bytesKey, equalBytes } from '@onehop/primitives'

/** How many pointers a server keeps. */
export interface DirectoryLimits {
  readonly inAll: number
  readonly perClient: number
  readonly perKey: number
  readonly perKeyAndClient: number
}

/** What one client has said that it has. */
export class ClientList {
  readonly id: PeerId
  /** By `publicationId`. */
  readonly pointers = new Map<string, Pointer>()

  constructor(id: PeerId) {
    this.id = id
  }
}

/**
 * The list of a server: what each client has, and who has what is under a key. Taking out a client costs what that
 * client had, not what all have.
 */
export class Directory {
  private readonly limits: DirectoryLimits
  private readonly byKey = new Map<string, Pointer[]>()
  private count = 0
  private bytes = 0

  constructor(limits: DirectoryLimits) {
    this.limits = limits
  }

  /** Pointers held, those included that are withdrawn or have expired and were not yet swept out. */
  get size(): number {
    return this.count
  }

  get keyCount(): number {
    return this.byKey.size
  }

  /** Pointers under the key that has most; looks at all keys. */
  get largestKey(): number {
    let most = 0
    for (const list of this.byKey.values()) most = Math.max(most, list.length)
    return most
  }

  /** Bytes of the pointers, as messages carry them. */
  get byteLength(): number {
    return this.bytes
  }

  /** Takes a pointer of this client's in. @returns whether it, or a later version, is held now. */
  put(list: ClientList, pointer: Pointer): boolean {
    const id = publicationId(pointer.key, pointer.target)
    const held = list.pointers.get(id)
    if (held === undefined) return this.add(list, id, pointer)
    if (pointer.sequence > held.sequence) this.replace(list, id, held, pointer)
    return true
  }

  /** Live pointers under the key: neither expired nor withdrawn. */
  find(key: Key, nowS: number, limit: number): Pointer[] {
    const live: Pointer[] = []
    for (const pointer of this.byKey.get(bytesKey(key)) ?? []) {
      if (live.length === limit) break
      if (isLive(pointer, nowS)) live.push(pointer)
    }
    return live
  }

  countUnder(key: Key): number {
    return this.byKey.get(bytesKey(key))?.length ?? 0
  }

  /** All pointers, by key. */
  *all(): IterableIterator<Pointer> {
    for (const list of this.byKey.values()) yield* list
  }

  /** The client is gone, and all that it had. */
  removeAll(list: ClientList): void {
    for (const pointer of list.pointers.values()) this.removeFromKey(pointer)
    list.pointers.clear()
  }

  /** Sweeps out of a client's list what has expired. */
  expire(list: ClientList, nowS: number): void {
    for (const [id, pointer] of list.pointers) {
      if (pointer.expiresAt > nowS) continue
      list.pointers.delete(id)
      this.removeFromKey(pointer)
    }
  }

  private add(list: ClientList, id: string, pointer: Pointer): boolean {
    const key = bytesKey(pointer.key)
    const known = this.byKey.get(key)
    if (!this.hasRoom(list, known)) return false
    if (known === undefined) this.byKey.set(key, [pointer])
    else known.push(pointer)
    list.pointers.set(id, pointer)
    this.count++
    this.bytes += encodedPointerLength(pointer)
    return true
  }

  private replace(list: ClientList, id: string, held: Pointer, pointer: Pointer): void {
    const under = this.byKey.get(bytesKey(pointer.key))!
    under[under.indexOf(held)] = pointer
    list.pointers.set(id, pointer)
    this.bytes += encodedPointerLength(pointer) - encodedPointerLength(held)
  }

  private hasRoom(list: ClientList, under: readonly Pointer[] = []): boolean {
    const { inAll, perClient, perKey, perKeyAndClient } = this.limits
    if (this.count >= inAll || list.pointers.size >= perClient || under.length >= perKey) return false
    if (under.length < perKeyAndClient) return true
    let own = 0
    for (const { provider } of under) if (equalBytes(provider, list.id)) own++
    return own < perKeyAndClient
  }

  private removeFromKey(pointer: Pointer): void {
    const key = bytesKey(pointer.key)
    const under = this.byKey.get(key)!
    if (under.length === 1) this.byKey.delete(key)
    else under.splice(under.indexOf(pointer), 1)
    this.count--
    this.bytes -= encodedPointerLength(pointer)
  }
}
