import { type Key, keyHash32, type Pointer } from '@onehop/overlay'
import { bytesKey, compareBytes } from '@onehop/primitives'
import { compactPointer } from './compact.ts'
import { isInRange } from './groups.ts'
import {
  MAX_POINTERS,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_PROVIDER,
  MAX_POINTERS_PER_PROVIDER,
} from './limits.ts'

/** What names a pointer in the tables: key, provider and target, as one string. */
export type PointerId = string

/** The name of a pointer whatever its version. */
export function pointerId(pointer: Pointer): PointerId {
  const target = pointer.target === undefined ? '' : bytesKey(pointer.target)
  return `${bytesKey(pointer.key)}${bytesKey(pointer.provider)}/${target}`
}

/** What {@link Filetuples.put} did. */
export type PutResult = 'new' | 'fresher' | 'known' | 'stale' | 'full'

/** The filetuples: key → pointers. Behind this class they can become shared or typed arrays. */
export class Filetuples {
  private readonly byId = new Map<PointerId, Pointer>()
  private readonly byKey = new Map<string, Map<PointerId, Pointer>>()
  private readonly perProvider = new Map<string, number>()

  /** Pointers held, withdrawn ones included. */
  get size(): number {
    return this.byId.size
  }

  /** Keys under which something is held. */
  get keyCount(): number {
    return this.byKey.size
  }

  getById(id: PointerId): Pointer | undefined {
    return this.byId.get(id)
  }

  all(): IterableIterator<Pointer> {
    return this.byId.values()
  }

  /** Pointers that may be answered: neither expired nor withdrawn. */
  find(key: Key, nowS: number, limit: number): Pointer[] {
    const found: Pointer[] = []
    for (const pointer of this.byKey.get(bytesKey(key))?.values() ?? []) {
      if (found.length >= limit) break
      if (pointer.expiresAt > nowS && !pointer.withdrawn) found.push(pointer)
    }
    return found
  }

  /** Takes in a pointer whose signature is right. */
  put(pointer: Pointer): PutResult {
    const id = pointerId(pointer)
    const known = this.byId.get(id)
    if (known === undefined) {
      if (!this.hasRoomFor(pointer)) return 'full'
      this.insert(id, compactPointer(pointer))
      return 'new'
    }
    if (pointer.sequence <= known.sequence) return pointer.sequence === known.sequence ? 'known' : 'stale'
    this.replace(id, compactPointer(pointer))
    return Boolean(known.withdrawn) === Boolean(pointer.withdrawn) ? 'fresher' : 'new'
  }

  /** Forgets what has expired; returns the names. */
  expire(nowS: number): PointerId[] {
    const expired: PointerId[] = []
    for (const [id, pointer] of this.byId) if (pointer.expiresAt <= nowS) expired.push(id)
    for (const id of expired) this.delete(id)
    return expired
  }

  delete(id: PointerId): void {
    const pointer = this.byId.get(id)
    if (pointer === undefined) return
    this.byId.delete(id)
    const keyText = bytesKey(pointer.key)
    const slot = this.byKey.get(keyText)
    slot?.delete(id)
    if (slot?.size === 0) this.byKey.delete(keyText)
    this.count(pointer, -1)
  }

  clear(): void {
    this.byId.clear()
    this.byKey.clear()
    this.perProvider.clear()
  }

  /**
   * The next filetuples in key order whose hash is in the range: whole keys, as many as fit. Of a key that does not
   * fit by itself the first pointers; gossip brings the others.
   * @returns the pointers, and whether there are more after them.
   */
  page(
    range: { readonly low: number; readonly high: number; readonly after?: Key | undefined },
    maxBytes: number,
    costOf: (pointer: Pointer) => number,
  ): { pointers: Pointer[]; more: boolean } {
    const pointers: Pointer[] = []
    let left = maxBytes
    for (const slot of this.slotsAfter(range)) {
      let cost = 0
      for (const pointer of slot) cost += costOf(pointer)
      if (cost > left && pointers.length > 0) return { pointers, more: true }
      pointers.push(...(cost > left ? fitting(slot, left, costOf) : slot))
      left -= cost
    }
    return { pointers, more: false }
  }

  private slotsAfter(range: { low: number; high: number; after?: Key | undefined }): Pointer[][] {
    const slots: Pointer[][] = []
    for (const slot of this.byKey.values()) {
      const pointers = [...slot.values()]
      const { key } = pointers[0]!
      const isNext = range.after === undefined || compareBytes(key, range.after) > 0
      if (isNext && isInRange(keyHash32(key), range.low, range.high)) slots.push(pointers)
    }
    return slots.sort((a, b) => compareBytes(a[0]!.key, b[0]!.key))
  }

  private hasRoomFor(pointer: Pointer): boolean {
    if (this.byId.size >= MAX_POINTERS) return false
    if ((this.perProvider.get(bytesKey(pointer.provider)) ?? 0) >= MAX_POINTERS_PER_PROVIDER) return false
    const slot = this.byKey.get(bytesKey(pointer.key))
    if (slot === undefined) return true
    if (slot.size >= MAX_POINTERS_PER_KEY) return false
    const provider = bytesKey(pointer.provider)
    let ofProvider = 0
    for (const other of slot.values()) if (bytesKey(other.provider) === provider) ofProvider++
    return ofProvider < MAX_POINTERS_PER_KEY_AND_PROVIDER
  }

  private insert(id: PointerId, pointer: Pointer): void {
    this.byId.set(id, pointer)
    const keyText = bytesKey(pointer.key)
    const slot = this.byKey.get(keyText)
    if (slot === undefined) this.byKey.set(keyText, new Map([[id, pointer]]))
    else slot.set(id, pointer)
    this.count(pointer, 1)
  }

  private replace(id: PointerId, pointer: Pointer): void {
    this.byId.set(id, pointer)
    this.byKey.get(bytesKey(pointer.key))?.set(id, pointer)
  }

  private count(pointer: Pointer, change: number): void {
    const provider = bytesKey(pointer.provider)
    const count = (this.perProvider.get(provider) ?? 0) + change
    if (count > 0) this.perProvider.set(provider, count)
    else this.perProvider.delete(provider)
  }
}

/** The first pointers that fit. */
export function fitting(
  pointers: readonly Pointer[],
  maxBytes: number,
  costOf: (pointer: Pointer) => number,
): Pointer[] {
  let left = maxBytes
  return pointers.filter(pointer => {
    left -= costOf(pointer)
    return left >= 0
  })
}
