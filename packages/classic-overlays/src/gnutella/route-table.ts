/** A descriptor that this node sent itself: its answers are for nobody else. */
export const OWN = 0xfff

/** No way back is known. */
export const UNKNOWN = 0

/** Links are numbered from 1 to this, and again from 1. */
export const LAST_LINK = 0xffe

/** Two integers an entry, eight entries a bucket: as much as a processor fetches at once. */
const COLUMNS = 2
const BUCKET_ENTRIES = 8
const BUCKET_LENGTH = BUCKET_ENTRIES * COLUMNS
const FIRST_BUCKETS = 4

/** The second integer: 12 bits of link, 10 of time, 10 of the id. */
const LINK_MASK = 0xfff
const STAMP_SHIFT = 12
const STAMP_MASK = 0x3ff
const MARK_SHIFT = 22

/** A lifetime in the units of stamps. Four lifetimes later the same stamp comes again: the old are swept out before. */
const LIFETIME_UNITS = 256

/** How long and how many. */
export interface RouteTableOptions {
  readonly lifetimeMs: number
  /** A power of two, and 32 at least. */
  readonly mostEntries: number
}

/**
 * By which link something came, by its 64-bit id: the descriptors that were seen, with the way back of their answers.
 * One bucket of memory is looked at for an id, nothing is allocated for an entry, and the table grows only while what
 * must be remembered does not fit: a flood hardly does anything else, and 10,000 tables share one processor's caches.
 * An entry keeps 42 bits of the hashed id. Hashed with secrets: whoever makes up ids cannot make them collide.
 */
export class RouteTable {
  // What every message needs stands first: it is one fetch from memory.
  private slots = new Int32Array(FIRST_BUCKETS * BUCKET_LENGTH)
  private bucketMask = FIRST_BUCKETS - 1
  private readonly factorLow: number
  private readonly factorHigh: number
  private readonly lifetimeMs: number
  private count = 0
  /** Unix time in s. Small integers stand in the object itself, and cost no look elsewhere. */
  private sweptS: number
  private readonly mostEntries: number

  /** @param random uniform in [0, 1). */
  constructor({ lifetimeMs, mostEntries }: RouteTableOptions, random: () => number, nowMs: number) {
    this.lifetimeMs = lifetimeMs
    this.mostEntries = mostEntries
    this.factorLow = oddNumber(random)
    this.factorHigh = oddNumber(random)
    this.sweptS = Math.floor(nowMs / 1000)
  }

  /** Entries held, those included that are not swept out yet. */
  get size(): number {
    return this.count
  }

  get byteLength(): number {
    return this.slots.byteLength
  }

  /** Remembers by which link it came. @returns false when it was seen before: the first link stands. */
  add(low: number, high: number, link: number, nowMs: number): boolean {
    const hash = this.hashOf(low, high)
    const mark = this.markOf(low, high)
    if (this.find(hash, mark) >= 0) return false
    this.insert(hash, mark, link, nowMs)
    return true
  }

  /** Remembers the link by which it came last. */
  set(low: number, high: number, link: number, nowMs: number): void {
    const hash = this.hashOf(low, high)
    const mark = this.markOf(low, high)
    const at = this.find(hash, mark)
    if (at < 0) this.insert(hash, mark, link, nowMs)
    else this.slots[at + 1] = packed(link, this.stampOf(nowMs), mark)
  }

  /** The link by which it came, {@link OWN}, or {@link UNKNOWN}. */
  linkOf(low: number, high: number): number {
    const at = this.find(this.hashOf(low, high), this.markOf(low, high))
    return at < 0 ? UNKNOWN : this.slots[at + 1]! & LINK_MASK
  }

  /** Forgets what is too old, once in a lifetime. Where nothing came for three, all is. */
  private sweep(nowMs: number): void {
    const nowS = Math.floor(nowMs / 1000)
    const isAllOld = (nowS - this.sweptS) * 1000 >= 3 * this.lifetimeMs + 1000
    this.sweptS = nowS
    const { slots } = this
    const stamp = this.stampOf(nowMs)
    for (let at = 0; at < slots.length; at += COLUMNS)
      if (slots[at + 1] !== 0 && (isAllOld || ageOf(slots[at + 1]!, stamp) > LIFETIME_UNITS)) {
        slots[at + 1] = 0
        this.count--
      }
  }

  clear(): void {
    this.slots.fill(0)
    this.count = 0
  }

  private hashOf(low: number, high: number): number {
    const hash = Math.imul(low, this.factorLow) ^ Math.imul(high, this.factorHigh)
    return hash ^ (hash >>> 15)
  }

  private markOf(low: number, high: number): number {
    return (Math.imul(low, this.factorHigh) + high) >>> MARK_SHIFT
  }

  private stampOf(nowMs: number): number {
    return Math.floor((nowMs * LIFETIME_UNITS) / this.lifetimeMs) & STAMP_MASK
  }

  private find(hash: number, mark: number): number {
    const { slots } = this
    const first = (hash & this.bucketMask) * BUCKET_LENGTH
    for (let at = first; at < first + BUCKET_LENGTH; at += COLUMNS)
      if (slots[at] === hash && slots[at + 1] !== 0 && slots[at + 1]! >>> MARK_SHIFT === mark) return at
    return -1
  }

  /** In the bucket's first free place, or that of an entry that is too old; else the table grows, or the oldest goes. */
  private insert(hash: number, mark: number, link: number, nowMs: number): void {
    if (nowMs - this.sweptS * 1000 >= this.lifetimeMs + 1000) this.sweep(nowMs)
    const stamp = this.stampOf(nowMs)
    const at = this.placeFor(hash, stamp)
    const { slots } = this
    const old = slots[at + 1]!
    if (old !== 0 && ageOf(old, stamp) <= LIFETIME_UNITS && this.canGrow()) {
      this.grow(stamp)
      this.insert(hash, mark, link, nowMs)
      return
    }
    if (old === 0) this.count++
    slots[at] = hash
    slots[at + 1] = packed(link, stamp, mark)
  }

  private placeFor(hash: number, stamp: number): number {
    const { slots } = this
    const first = (hash & this.bucketMask) * BUCKET_LENGTH
    let oldest = first
    let oldestAge = -1
    for (let at = first; at < first + BUCKET_LENGTH; at += COLUMNS) {
      if (slots[at + 1] === 0) return at
      const age = ageOf(slots[at + 1]!, stamp)
      if (age > LIFETIME_UNITS) return at
      if (age <= oldestAge) continue
      oldest = at
      oldestAge = age
    }
    return oldest
  }

  private canGrow(): boolean {
    return (this.bucketMask + 1) * BUCKET_ENTRIES * 2 <= this.mostEntries
  }

  /** Twice the buckets: what was in one is parted between two, so everything finds room. */
  private grow(stamp: number): void {
    const { slots } = this
    this.bucketMask = 2 * this.bucketMask + 1
    this.slots = new Int32Array(2 * slots.length)
    this.count = 0
    for (let from = 0; from < slots.length; from += COLUMNS) {
      const rest = slots[from + 1]!
      if (rest === 0 || ageOf(rest, stamp) > LIFETIME_UNITS) continue
      const at = this.placeFor(slots[from]!, stamp)
      this.slots[at] = slots[from]!
      this.slots[at + 1] = rest
      this.count++
    }
  }
}

function packed(link: number, stamp: number, mark: number): number {
  return link | (stamp << STAMP_SHIFT) | (mark << MARK_SHIFT)
}

function ageOf(rest: number, stamp: number): number {
  return (stamp - (rest >>> STAMP_SHIFT)) & STAMP_MASK
}

function oddNumber(random: () => number): number {
  return (random() * 0x1_0000_0000) | 1
}
