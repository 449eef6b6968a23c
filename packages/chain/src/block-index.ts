import type { HeaderNode } from '@onehop/ledger'
import { isInvalidated } from './invalidation.ts'
import type { RecordLocation } from './storage/record-files.ts'
import type { IndexEntry } from './store-format.ts'

/** What is known of a header beyond its place in the tree. */
export interface BlockEntry {
  readonly node: HeaderNode
  /** Where the body is, once it is stored. */
  block: RecordLocation | undefined
  /** Where the undo data are, once it was connected. */
  undo: RecordLocation | undefined
  /** How many transactions the body has, once it was stored. */
  transactions: number | undefined
  /** Its body was here, and has been deleted. */
  pruned: boolean
  /** It was connected at least once. */
  connected: boolean
  /** Its body and those of all blocks before it are stored. */
  linked: boolean
  /** The order in which blocks became linked: at equal work, the lowest wins. */
  linkedOrder: number
}

/** Found invalid for good; a block that only this version cannot check gets another chance at the next start. */
function isFailed({ invalid, rejection }: HeaderNode): boolean {
  return invalid && rejection?.blame !== 'nobody'
}

/** What the store keeps of an entry. */
export function indexEntryOf(entry: BlockEntry): IndexEntry {
  const { node, block, undo, transactions, pruned, connected } = entry
  const { header, height } = node
  const invalidated = isInvalidated(node.rejection)
  return { header, height, block, undo, transactions, pruned, connected, failed: isFailed(node), invalidated }
}

/** Whether `a` is to be chosen over `b`: more work, or linked earlier at equal work (Bitcoin's first-seen rule). */
function isBetter(a: BlockEntry, b: BlockEntry): boolean {
  if (a.node.chainWork !== b.node.chainWork) return a.node.chainWork > b.node.chainWork
  return a.linkedOrder < b.linkedOrder
}

/** All known headers with their bodies' whereabouts, and the choice among them. In memory; the store has a copy. */
export class BlockIndex {
  private readonly entries = new Map<HeaderNode, BlockEntry>()
  /** Entries with a body whose parent is not linked, by that parent. */
  private readonly waiting = new Map<BlockEntry, BlockEntry[]>()
  /** Linked, not invalid, and (after a prune) of more work than the tip. */
  private readonly candidates = new Set<BlockEntry>()
  /** Entries that were added since the store last got such. */
  private unstored: BlockEntry[] = []
  /** Entries that were removed since the store last heard of such. */
  private removed: BlockEntry[] = []
  private waitingBodies = 0
  private linkCount = 0
  private prunedBodies = 0
  private preciousCount = 0

  /** Bodies stored before their parent's. */
  get waitingCount(): number {
    return this.waitingBodies
  }

  /** The entry of a node of the header tree; a new one on first sight. */
  entryOf(node: HeaderNode): BlockEntry {
    const known = this.entries.get(node)
    if (known !== undefined) return known
    const entry: BlockEntry = {
      node,
      block: undefined,
      undo: undefined,
      transactions: undefined,
      pruned: false,
      connected: false,
      linked: false,
      linkedOrder: 0,
    }
    this.entries.set(node, entry)
    this.unstored.push(entry)
    return entry
  }

  /** All entries. */
  all(): Iterable<BlockEntry> {
    return this.entries.values()
  }

  /** Whether a block's body was deleted, so that not every branch can be gone to. */
  get isPruned(): boolean {
    return this.prunedBodies > 0
  }

  /** Its body is deleted. */
  setPruned(entry: BlockEntry): void {
    entry.block = undefined
    entry.pruned = true
    this.prunedBodies += 1
  }

  /** Whether the store lacks entries, or has some that are gone. */
  get hasUnstored(): boolean {
    return this.unstored.length > 0 || this.removed.length > 0
  }

  /** Hands over the entries that the store has no more use for. They must go out of it in its next commit. */
  takeRemoved(): BlockEntry[] {
    const entries = this.removed
    this.removed = []
    return entries
  }

  /** Those of the entries on which no stored body builds. */
  withoutBodies(entries: readonly BlockEntry[]): BlockEntry[] {
    const needed = new Set<BlockEntry>()
    for (const parent of this.waiting.keys())
      for (
        let entry: BlockEntry | undefined = parent;
        entry && !needed.has(entry);
        entry = this.parentOf(entry)
      )
        needed.add(entry)
    return entries.filter(entry => entry.block === undefined && !entry.linked && !needed.has(entry))
  }

  /** Forgets headers that have no bodies, and nothing with a body builds on. */
  remove(nodes: readonly HeaderNode[]): void {
    const gone = new Set(nodes.map(node => this.entryOf(node)))
    this.unstored = this.unstored.filter(entry => !gone.has(entry))
    for (const entry of gone) {
      this.entries.delete(entry.node)
      this.removed.push(entry)
    }
  }

  /** Hands over the entries that the store has not, parents first. They must go into its next commit. */
  takeUnstored(): BlockEntry[] {
    const entries = this.unstored
    this.unstored = []
    return entries
  }

  parentOf({ node }: BlockEntry): BlockEntry | undefined {
    return node.parent && this.entryOf(node.parent)
  }

  /** The body is stored now. */
  setBody(entry: BlockEntry, location: RecordLocation, transactions: number | undefined): void {
    entry.block = location
    entry.transactions = transactions
    if (entry.pruned) this.prunedBodies -= 1
    entry.pruned = false
    this.join(entry)
  }

  /** The body is here, or was: links it and those that waited for it, or lets it wait for its parent's. */
  join(entry: BlockEntry): void {
    if (entry.linked) return
    const parent = this.parentOf(entry)
    if (parent === undefined || parent.linked) this.link(entry)
    else this.wait(entry, parent)
  }

  /** The best linked block that is to be chosen over this one; itself if there is none. */
  bestCandidate(home: BlockEntry): BlockEntry {
    let best = home
    for (const entry of this.candidates) if (isBetter(entry, best)) best = entry
    return best
  }

  /** Forgets candidates that cannot win against this tip any more. */
  pruneCandidates(tip: BlockEntry): void {
    for (const entry of this.candidates) if (!isBetter(entry, tip)) this.candidates.delete(entry)
  }

  /** Finds all candidates again that can win against this tip: it has less work than it had, or blocks are valid again. */
  reviveCandidates(tip: BlockEntry): void {
    for (const entry of this.entries.values())
      if (entry.linked && !entry.node.invalid && isBetter(entry, tip)) this.candidates.add(entry)
  }

  /** Treats the block as if it had come before all others of its work, until the next one that this is done to. */
  prefer(entry: BlockEntry): void {
    this.preciousCount += 1
    entry.linkedOrder = -this.preciousCount
    if (entry.linked && !entry.node.invalid) this.candidates.add(entry)
  }

  /** Lets a block of the active chain win against others of its work that were stored earlier. */
  favour(entry: BlockEntry): void {
    entry.linkedOrder = 0
  }

  /** Takes a block out of the race that cannot be gone to. */
  dropCandidate(entry: BlockEntry): void {
    this.candidates.delete(entry)
  }

  /** Takes blocks that turned out to be invalid out of the race. */
  dropInvalid(nodes: readonly HeaderNode[]): void {
    for (const node of nodes) this.candidates.delete(this.entryOf(node))
  }

  private link(first: BlockEntry): void {
    const unlinked = [first]
    for (let entry = unlinked.pop(); entry !== undefined; entry = unlinked.pop()) {
      entry.linked = true
      this.linkCount += 1
      entry.linkedOrder = this.linkCount
      if (!entry.node.invalid) this.candidates.add(entry)
      unlinked.push(...this.takeWaiting(entry))
    }
  }

  private wait(entry: BlockEntry, parent: BlockEntry): void {
    const siblings = this.waiting.get(parent) ?? []
    siblings.push(entry)
    this.waiting.set(parent, siblings)
    this.waitingBodies += 1
  }

  private takeWaiting(parent: BlockEntry): BlockEntry[] {
    const children = this.waiting.get(parent) ?? []
    this.waiting.delete(parent)
    this.waitingBodies -= children.length
    return children.reverse()
  }
}
