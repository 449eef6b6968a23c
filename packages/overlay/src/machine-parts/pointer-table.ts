import { bytesKey, equalBytes } from '@onehop/primitives'
import type { PeerId } from '../contract.ts'
import type { Key } from '../keys.ts'
import { encodedPointerLength, type Pointer } from '../pointer.ts'
import { detachedPointer } from './detached-pointer.ts'

/** How many pointers a table may hold. */
export interface PointerTableLimits {
  readonly inAll: number
  readonly perKey: number
  readonly perProvider: number
}

/** What {@link PointerTable.put} did. `full`: a limit keeps it out. `stale`: a later version is held. */
export type PointerPut = 'new' | 'fresher' | 'known' | 'stale' | 'full'

/** Other people's pointers, by key: for machines that hold not very many. */
export class PointerTable {
  private readonly limits: PointerTableLimits
  private readonly byKey = new Map<string, Pointer[]>()
  private readonly perProvider = new Map<string, number>()
  private count = 0
  private bytes = 0

  constructor(limits: PointerTableLimits) {
    this.limits = limits
  }

  /** Pointers held, those included that are withdrawn or have expired and were not yet swept out. */
  get size(): number {
    return this.count
  }

  get keyCount(): number {
    return this.byKey.size
  }

  /** Bytes of the pointers, as messages carry them. */
  get byteLength(): number {
    return this.bytes
  }

  put(pointer: Pointer): PointerPut {
    const key = bytesKey(pointer.key)
    const list = this.byKey.get(key)
    const index = list?.findIndex(held => isVersionOf(held, pointer)) ?? -1
    if (list !== undefined && index >= 0) return this.replace(list, index, pointer)
    if (!this.hasRoom(pointer, list)) return 'full'
    const kept = detachedPointer(pointer)
    if (list === undefined) this.byKey.set(key, [kept])
    else list.push(kept)
    this.onAdded(kept)
    return 'new'
  }

  /** The version of this pointer that is held. */
  versionOf(pointer: Pointer): Pointer | undefined {
    return this.byKey.get(bytesKey(pointer.key))?.find(held => isVersionOf(held, pointer))
  }

  /** Whether anything is held under the key, be it withdrawn. */
  has(key: Key): boolean {
    return this.byKey.has(bytesKey(key))
  }

  /** Live pointers under the key: neither expired nor withdrawn. */
  find(key: Key, nowS: number, limit: number): Pointer[] {
    const live = this.byKey.get(bytesKey(key))?.filter(pointer => isLive(pointer, nowS)) ?? []
    return live.length > limit ? live.slice(0, limit) : live
  }

  *all(): IterableIterator<Pointer> {
    for (const list of this.byKey.values()) yield* list
  }

  /** Removes all that the predicate says. @returns how many. */
  removeWhere(isUnwanted: (pointer: Pointer) => boolean): number {
    const before = this.count
    for (const [key, list] of this.byKey) {
      const removed = list.filter(isUnwanted)
      if (removed.length === 0) continue
      for (const pointer of removed) this.onRemoved(pointer)
      const kept = list.filter(pointer => !removed.includes(pointer))
      if (kept.length === 0) this.byKey.delete(key)
      else this.byKey.set(key, kept)
    }
    return before - this.count
  }

  /** Sweeps out what has expired. */
  expire(nowS: number): number {
    return this.removeWhere(({ expiresAt }) => expiresAt <= nowS)
  }

  removeProvider(provider: PeerId): number {
    if (!this.perProvider.has(bytesKey(provider))) return 0
    return this.removeWhere(pointer => equalBytes(pointer.provider, provider))
  }

  clear(): void {
    this.byKey.clear()
    this.perProvider.clear()
    this.count = 0
    this.bytes = 0
  }

  private replace(list: Pointer[], index: number, pointer: Pointer): PointerPut {
    const held = list[index]!
    if (pointer.sequence === held.sequence) return 'known'
    if (pointer.sequence < held.sequence) return 'stale'
    list[index] = detachedPointer(pointer)
    this.bytes += encodedPointerLength(pointer) - encodedPointerLength(held)
    return 'fresher'
  }

  private hasRoom(pointer: Pointer, list: readonly Pointer[] | undefined): boolean {
    const { inAll, perKey, perProvider } = this.limits
    const ofProvider = this.perProvider.get(bytesKey(pointer.provider)) ?? 0
    return this.count < inAll && (list?.length ?? 0) < perKey && ofProvider < perProvider
  }

  private onAdded(pointer: Pointer): void {
    const provider = bytesKey(pointer.provider)
    this.perProvider.set(provider, (this.perProvider.get(provider) ?? 0) + 1)
    this.count++
    this.bytes += encodedPointerLength(pointer)
  }

  private onRemoved(pointer: Pointer): void {
    const provider = bytesKey(pointer.provider)
    const left = (this.perProvider.get(provider) ?? 1) - 1
    if (left === 0) this.perProvider.delete(provider)
    else this.perProvider.set(provider, left)
    this.count--
    this.bytes -= encodedPointerLength(pointer)
  }
}

/** Whether it can be answered. */
export function isLive(pointer: Pointer, nowS: number): boolean {
  return pointer.expiresAt > nowS && pointer.withdrawn !== true
}

/** Whether both are versions of one pointer: the same key, provider and target. */
export function isVersionOf(a: Pointer, b: Pointer): boolean {
  return (
    equalBytes(a.provider, b.provider) &&
    equalBytes(a.key, b.key) &&
    (a.target === undefined || b.target === undefined
      ? a.target === b.target
      : equalBytes(a.target, b.target))
  )
}
