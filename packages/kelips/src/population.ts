import { ESTIMATORS, MAX_DEPTH, MAX_STATED_COUNT, STATEMENT_REVIEWS } from './limits.ts'

/** How large the network is: its nodes, and the filetuples of all its groups together. */
export interface Census {
  readonly nodes: number
  readonly files: number
}

const FIELDS = 4
const EXPECTED = 4

/**
 * What others say of how large the network is. Only those are believed that this node asked itself, so that who
 * shouts loudest is not heard more often; and of what they say the median, so that a third who lie cannot move it far.
 */
export class Population {
  /** Hash, nodes, files and time of each sender, then the hashes of those who were asked; made with the first of them. */
  private table: Uint32Array | undefined
  private count = 0
  private next = 0
  private nextExpected = 0
  private reviews = STATEMENT_REVIEWS

  /** Statements that count now. */
  get size(): number {
    return this.count
  }

  /** Time passes: what was said long ago no longer counts, for its sender may be gone. */
  tick(): void {
    this.reviews++
  }

  /** A peer of this hash was asked for an answer in which it states what it believes. */
  expect(hash32: number): void {
    this.table ??= new Uint32Array(ESTIMATORS * FIELDS + EXPECTED)
    this.table[ESTIMATORS * FIELDS + this.nextExpected] = hash32
    this.nextExpected = (this.nextExpected + 1) % EXPECTED
  }

  /** A peer states the numbers. Ignored unless it was asked, and where it states nothing. */
  hear(hash32: number, { nodes, files }: Census): void {
    const { table } = this
    if (table === undefined || nodes <= 0 || !this.takeExpected(table, hash32)) return
    const at = this.placeOf(table, hash32) * FIELDS
    table[at] = hash32
    table[at + 1] = Math.min(nodes, MAX_STATED_COUNT)
    table[at + 2] = Math.min(files, MAX_STATED_COUNT)
    table[at + 3] = this.reviews
  }

  /** The medians, with what this node sees itself as one statement among the others. */
  estimate(own: Census): Census {
    if (this.table === undefined || this.count === 0) return own
    return { nodes: this.median(1, own.nodes), files: this.median(2, own.files) }
  }

  /** The lower median of a column and one value more. */
  private median(column: number, own: number): number {
    const table = this.table as Uint32Array
    const values = new Uint32Array(this.count + 1)
    let size = 0
    values[size++] = Math.min(own, MAX_STATED_COUNT)
    for (let at = 0; at < this.count * FIELDS; at += FIELDS)
      if (table[at + 3]! + STATEMENT_REVIEWS > this.reviews) values[size++] = table[at + column]!
    const sorted = values.subarray(0, size).sort()
    return sorted[(size - 1) >> 1]!
  }

  private takeExpected(table: Uint32Array, hash32: number): boolean {
    const at = table.indexOf(hash32, ESTIMATORS * FIELDS)
    if (at < 0 || hash32 === 0) return false
    table[at] = 0
    return true
  }

  /** The sender's place, or a new one, or that of the oldest. */
  private placeOf(table: Uint32Array, hash32: number): number {
    for (let i = 0; i < this.count; i++) if (table[i * FIELDS] === hash32) return i
    if (this.count < ESTIMATORS) return this.count++
    const oldest = this.next
    this.next = (this.next + 1) % ESTIMATORS
    return oldest
  }
}

/** What a choice of depth depends on beside the size of the network. */
export interface GroupShape {
  readonly contactsPerGroup: number
  readonly minimumGroupMembers: number
}

/** A group splits if its halves will have this many times the least members, on average: hashes are spread unevenly. */
const SPARE_MEMBERS = 1.6

/**
 * The depth that suits a network better, one step from the present one at most. A node keeps n/k members, c(k - 1)
 * contacts and f/k filetuples, fewest for k = sqrt((n + f)/c); of two powers of two, the nearer is better. Only a
 * clear difference counts, and no group is to have fewer members than it takes to survive many deaths at once.
 * No logarithms: 2^(2d + 1) lies between the squares of k at depth d and at d + 1.
 */
export function betterDepth(depth: number, { nodes, files }: Census, shape: GroupShape): number {
  const { contactsPerGroup, minimumGroupMembers } = shape
  const groups = 2 ** depth
  const entries = nodes + files
  const isTooWide = 4 * entries > 5 * 2 * contactsPerGroup * groups * groups
  const staysLarge = nodes >= 2 * groups * minimumGroupMembers * SPARE_MEMBERS
  if (depth < MAX_DEPTH && isTooWide && staysLarge) return depth + 1
  const isTooNarrow = 2 * 5 * entries < 4 * contactsPerGroup * groups * groups
  const isTooSmall = nodes < groups * minimumGroupMembers
  return depth > 0 && (isTooNarrow || isTooSmall) ? depth - 1 : depth
}

/** The depth that {@link betterDepth} comes to rest at, from depth 0. */
export function settledDepth(census: Census, shape: GroupShape): number {
  let depth = 0
  for (;;) {
    const better = betterDepth(depth, census, shape)
    if (better <= depth) return depth
    depth = better
  }
}
