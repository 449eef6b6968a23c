import { type Environment, PointerTable, pointerName } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { foreignResult, targetName } from './files.ts'
import {
  MAX_CACHED_POINTERS,
  MAX_CACHED_POINTERS_PER_KEY,
  MAX_CACHED_POINTERS_PER_PROVIDER,
  MAX_RESULTS,
} from './limits.ts'
import type { Result, Sought } from './messages.ts'

/**
 * Answers that passed by, kept for a while, so that the next who asks the same is answered nearby. What was withdrawn
 * meanwhile may be answered for as long. Two generations: nothing is timed by itself.
 */
export class HitCache {
  private readonly environment: Environment<never>
  private readonly keptMs: number
  private young = newTable()
  private old = newTable()
  private turnedMs: number

  constructor(environment: Environment<never>, keptMs: number) {
    this.environment = environment
    this.keptMs = keptMs
    this.turnedMs = environment.now()
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  get byteLength(): number {
    return this.young.byteLength + this.old.byteLength
  }

  /** Keeps verified pointers that are not known yet. */
  keep(pointers: readonly Result['pointer'][]): void {
    this.turn()
    for (const pointer of pointers) this.young.put(pointer)
  }

  /** The version of this pointer that is held. */
  versionOf(pointer: Result['pointer']): Result['pointer'] | undefined {
    return this.young.versionOf(pointer) ?? this.old.versionOf(pointer)
  }

  matching({ keys, words }: Sought): readonly Result[] {
    if (this.size === 0) return []
    this.turn()
    const nowS = Math.floor(this.environment.now() / 1000)
    const found = new Map<string, Result>()
    for (const key of keys) {
      const bytes = bytesOf(key)
      for (const table of [this.old, this.young])
        for (const pointer of table.find(bytes, nowS, MAX_CACHED_POINTERS_PER_KEY))
          found.set(pointerName(pointer), foreignResult(pointer))
    }
    const results = [...found.values()]
    return (words === undefined ? results : leadingFromAll(results, keys.length)).slice(0, MAX_RESULTS)
  }

  clear(): void {
    this.young.clear()
    this.old.clear()
  }

  private turn(): void {
    const nowMs = this.environment.now()
    const ageMs = nowMs - this.turnedMs
    if (ageMs < this.keptMs / 2) return
    this.old = ageMs < this.keptMs ? this.young : newTable()
    this.young = newTable()
    this.turnedMs = nowMs
  }
}

/** Those of contents to which so many keys lead. */
function leadingFromAll(results: readonly Result[], keys: number): Result[] {
  const keysOf = new Map<string, Set<string>>()
  for (const { pointer } of results) {
    const target = targetName(pointer)
    const known = keysOf.get(target) ?? new Set()
    keysOf.set(target, known.add(bytesKey(pointer.key)))
  }
  return results.filter(({ pointer }) => keysOf.get(targetName(pointer))?.size === keys)
}

function newTable(): PointerTable {
  return new PointerTable({
    inAll: MAX_CACHED_POINTERS,
    perKey: MAX_CACHED_POINTERS_PER_KEY,
    perProvider: MAX_CACHED_POINTERS_PER_PROVIDER,
  })
}

/** The bytes that a map key stands for. */
function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, character => character.charCodeAt(0))
}
