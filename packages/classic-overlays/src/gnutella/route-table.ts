/** A descriptor that this node sent itself: its answers are for nobody else. */
export const OWN = 0x7fff_ffff

/** No way back is known. Links are counted from 1. */
export const UNKNOWN = 0

const COLUMNS = 3
const FIRST_SLOTS = 32
const LEAST_HASH_BITS = 5

/** One generation: an open-addressing hash table whose slots hold both halves of an id and a link. */
interface Generation {
  slots: Int32Array
  /** 32 − log2 of the number of slots. */
  shift: number
  size: number
}

/** How long and how many. */
export interface RouteTableOptions {
  /** An entry is remembered for half of this at least. */
  readonly lifetimeMs: number
  /** Entries of one generation at most: a power of two. */
  readonly mostPerGeneration: number
}

/**
 * By which link something came, by its 64-bit id: the descriptors that were seen, with the way back of their answers.
 * Two generations: when the younger one is half the lifetime old, or full, the older one is forgotten. Rows of integers,
 * so that 10,000 tables fit in one process, and nothing is allocated for an entry. Hashed with a secret: whoever makes
 * up ids cannot make them collide.
 */
export class RouteTable {
  private readonly options: RouteTableOptions
  private readonly factorLow: number
  private readonly factorHigh: number
  private young = newGeneration(FIRST_SLOTS)
  private old = newGeneration(FIRST_SLOTS)
  private turnedMs: number

  /** @param random uniform in [0, 1). */
  constructor(options: RouteTableOptions, random: () => number, nowMs: number) {
    this.options = options
    this.factorLow = oddNumber(random)
    this.factorHigh = oddNumber(random)
    this.turnedMs = nowMs
  }

  /** Entries held. */
  get size(): number {
    return this.young.size + this.old.size
  }

  get byteLength(): number {
    return this.young.slots.byteLength + this.old.slots.byteLength
  }

  /** Remembers by which link it came. @returns false when it was seen before: the first link stands. */
  add(low: number, high: number, link: number, nowMs: number): boolean {
    if (nowMs - this.turnedMs >= this.options.lifetimeMs / 2) this.turn(nowMs)
    const hash = Math.imul(low, this.factorLow) ^ Math.imul(high, this.factorHigh)
    if (this.old.size > 0 && this.old.slots[this.find(this.old, hash, low, high) + 2] !== UNKNOWN)
      return false
    const at = this.find(this.young, hash, low, high)
    if (this.young.slots[at + 2] !== UNKNOWN) return false
    this.insert(at, low, high, link, nowMs)
    return true
  }

  /** Remembers the link by which it came last. */
  set(low: number, high: number, link: number, nowMs: number): void {
    if (nowMs - this.turnedMs >= this.options.lifetimeMs / 2) this.turn(nowMs)
    const hash = Math.imul(low, this.factorLow) ^ Math.imul(high, this.factorHigh)
    const at = this.find(this.young, hash, low, high)
    if (this.young.slots[at + 2] === UNKNOWN) this.insert(at, low, high, link, nowMs)
    else this.young.slots[at + 2] = link
  }

  /** The link by which it came, {@link OWN}, or {@link UNKNOWN}. */
  linkOf(low: number, high: number): number {
    const hash = Math.imul(low, this.factorLow) ^ Math.imul(high, this.factorHigh)
    return (
      this.young.slots[this.find(this.young, hash, low, high) + 2]! ||
      this.old.slots[this.find(this.old, hash, low, high) + 2]!
    )
  }

  clear(): void {
    this.young = newGeneration(FIRST_SLOTS)
    this.old = newGeneration(FIRST_SLOTS)
  }

  /** Where it stands, or would stand. */
  private find({ slots, shift }: Generation, hash: number, low: number, high: number): number {
    const end = slots.length
    let at = (hash >>> shift) * COLUMNS
    while (slots[at + 2] !== UNKNOWN && (slots[at] !== low || slots[at + 1] !== high)) {
      at += COLUMNS
      if (at === end) at = 0
    }
    return at
  }

  private insert(at: number, low: number, high: number, link: number, nowMs: number): void {
    const { young } = this
    young.slots[at] = low
    young.slots[at + 1] = high
    young.slots[at + 2] = link
    young.size++
    if (young.size === this.options.mostPerGeneration) this.turn(nowMs)
    else if (young.size * 2 * COLUMNS > young.slots.length) this.grow()
  }

  private grow(): void {
    const { slots } = this.young
    const larger = newGeneration((slots.length / COLUMNS) * 2)
    for (let from = 0; from < slots.length; from += COLUMNS) {
      if (slots[from + 2] === UNKNOWN) continue
      const [low, high] = [slots[from]!, slots[from + 1]!]
      const hash = Math.imul(low, this.factorLow) ^ Math.imul(high, this.factorHigh)
      const at = this.find(larger, hash, low, high)
      larger.slots[at] = low
      larger.slots[at + 1] = high
      larger.slots[at + 2] = slots[from + 2]!
    }
    larger.size = this.young.size
    this.young = larger
  }

  /** The younger generation becomes the older one, whose memory is used again where it is of the right size. */
  private turn(nowMs: number): void {
    const { young, old } = this
    const slots = Math.max(FIRST_SLOTS, powerOfTwoAbove(2 * young.size))
    const isForgotten = nowMs - this.turnedMs >= this.options.lifetimeMs
    this.turnedMs = nowMs
    this.old = isForgotten ? newGeneration(FIRST_SLOTS) : young
    if (old.slots.length !== slots * COLUMNS) {
      this.young = newGeneration(slots)
      return
    }
    if (old.size > 0) old.slots.fill(0)
    old.size = 0
    this.young = old
  }
}

function newGeneration(slots: number): Generation {
  return { slots: new Int32Array(slots * COLUMNS), shift: Math.clz32(slots) + 1, size: 0 }
}

function powerOfTwoAbove(count: number): number {
  return 1 << Math.max(LEAST_HASH_BITS, 32 - Math.clz32(Math.max(0, count - 1)))
}

function oddNumber(random: () => number): number {
  return (Math.floor(random() * 0x8000_0000) << 1) | 1
}
