import type { KelipsMessage, MemberEntry } from '@onehop/kelips'
import type { Pointer } from '@onehop/overlay'
import type { Accomplice } from './behaviour.ts'
import { MAX_LOOT } from './limits.ts'

/** What all hostile nodes of a network know together: each other, and what they have overheard. */
export class Conspiracy {
  /** Pointers and records of honest nodes, the first that came: by and by they are old. */
  readonly pointers: Pointer[] = []
  readonly records: MemberEntry[] = []
  private readonly accomplices: { readonly hash32: number; readonly self: Accomplice }[] = []
  private isSorted = true

  recruit(self: Accomplice): void {
    this.accomplices.push({ hash32: self.environment.hash32(self.environment.self), self })
    this.isSorted = false
  }

  /** Fresh records of up to `count` colluders, those first that are next to the hash. */
  colludersNear(hash32: number, count: number): MemberEntry[] {
    this.sort()
    const { accomplices } = this
    const start = this.firstFrom(hash32)
    const entries: MemberEntry[] = []
    for (let step = 0; step < accomplices.length && entries.length < count; step++) {
      const offset = step % 2 === 0 ? step / 2 : accomplices.length - (step + 1) / 2
      const entry = accomplices[(start + offset) % accomplices.length]?.self.freshEntry()
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  /** Keeps what may be of use later. */
  overhear(message: KelipsMessage): void {
    if ('pointers' in message) keep(this.pointers, message.pointers)
    if ('members' in message) keep(this.records, message.members)
  }

  private sort(): void {
    if (this.isSorted) return
    this.accomplices.sort((a, b) => a.hash32 - b.hash32)
    this.isSorted = true
  }

  /** Place of the first accomplice whose hash is not below. */
  private firstFrom(hash32: number): number {
    let low = 0
    let high = this.accomplices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.accomplices[middle]!.hash32 < hash32) low = middle + 1
      else high = middle
    }
    return low
  }
}

function keep<T>(loot: T[], items: readonly T[]): void {
  for (const item of items) {
    if (loot.length >= MAX_LOOT) return
    loot.push(item)
  }
}
