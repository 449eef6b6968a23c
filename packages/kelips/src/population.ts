import { ESTIMATORS, MAX_DEPTH, MAX_STATED_COUNT } from './limits.ts'

/** How large the network is: its nodes, and the filetuples of all its groups together. */
export interface Census {
  readonly nodes: number
  readonly files: number
}

const FIELDS = 3
const EXPECTED = 4

/**
 * What others say of how large the network is. Only those are believed that this node asked itself, so that who
 * shouts loudest is not heard more often; and of what they say the median, so that a third who lie cannot move it far.
 */
export class Population {
  /** Hash, nodes and files of each sender, then the hashes of those who were asked; made with the first of them. */
  private table: Uint32Array | undefined
  private count = 0
  private next = 0
  private nextExpected = 0

  /** Statements that count now. */
  get size(): number {
    return this.count
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
  }

  /** The medians, with what this node sees itself as one statement among the others. */
  estimate(own: Census): Census {
    const { table, count } = this
    if (table === undefined || count === 0) return own
    return {
      nodes: median(table, 1, count, Math.min(own.nodes, MAX_STATED_COUNT)),
      files: median(table, 2, count, Math.min(own.files, MAX_STATED_COUNT)),
    }
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

/** The lower median of a column and one value more. */
function median(table: Uint32Array, column: number, count: number, own: number): number {
  const values = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) values[i] = table[i * FIELDS + column]!
  values[count] = own
  values.sort()
  return values[count >> 1]!
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
