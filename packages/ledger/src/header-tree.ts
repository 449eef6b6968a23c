import { assert, bytesKey, invalid, type Rejection, type Result, refused } from '@onehop/primitives'
import type { BlockHeader } from './block.ts'
import { ancestorAt, findFork, type HeaderNode, medianTimePast, skipHeight } from './header-node.ts'
import type { BlockHash } from './ids.ts'
import type { ChainParameters } from './params.ts'
import { workOf } from './proof-of-work.ts'
import { checkHeaderInContext } from './rules/check-header-in-context.ts'
import { checkHeaderProofOfWork } from './rules/check-header-proof-of-work.ts'

/** Locator hashes that lie one block apart before the distance doubles. */
const DENSE_LOCATOR_HASHES = 10

/** All headers that are known, checked as far as headers can be, and the best of them. */
export class HeaderTree {
  readonly parameters: ChainParameters
  readonly genesis: HeaderNode
  private readonly nodesByHash = new Map<string, HeaderNode>()
  private readonly parents = new Set<HeaderNode>()
  private bestNode: HeaderNode

  constructor(parameters: ChainParameters) {
    this.parameters = parameters
    const { header } = parameters.genesis
    this.genesis = {
      hash: header.hash,
      header,
      height: 0,
      chainWork: workOf(header.bits),
      parent: undefined,
      skip: undefined,
      invalid: false,
    }
    this.nodesByHash.set(bytesKey(header.hash), this.genesis)
    this.bestNode = this.genesis
  }

  /** The node of most work that is not known to be invalid; of equals, the first that came. */
  get best(): HeaderNode {
    return this.bestNode
  }

  /** How many headers there are. */
  get size(): number {
    return this.nodesByHash.size
  }

  get(hash: BlockHash): HeaderNode | undefined {
    return this.nodesByHash.get(bytesKey(hash))
  }

  /**
   * Adds a header after all checks that need no block; a header that is here already is returned as it is.
   * Refused: `high-hash`, `bad-diffbits`, `time-too-old`, `time-timewarp-attack`, `bad-version(…)`,
   * `duplicate-invalid`, `bad-prevblk` (blame: sender); `prev-blk-not-found`, `time-too-new` (blame: nobody).
   * @param nowSeconds Unix time.
   */
  add(header: BlockHeader, nowSeconds: number): Result<HeaderNode> {
    const known = this.get(header.hash)
    if (known) return known.invalid ? againInvalid('duplicate-invalid', known) : { ok: true, value: known }
    const work = checkHeaderProofOfWork(header, this.parameters)
    if (!work.ok) return work
    const parent = this.get(header.previousBlock)
    if (!parent) return refused('prev-blk-not-found')
    if (parent.invalid) return againInvalid('bad-prevblk', parent)
    const context = checkHeaderInContext(header, parent, this.parameters, nowSeconds)
    return context.ok ? { ok: true, value: this.insert(header, parent, false) } : context
  }

  /**
   * The place that a header would have on the node, after all checks but its proof of work. It is not added: for blocks
   * that are yet to be mined (BIP 23's proposals).
   */
  preview(header: BlockHeader, parent: HeaderNode, nowSeconds: number): Result<HeaderNode> {
    const context = checkHeaderInContext(header, parent, this.parameters, nowSeconds)
    return context.ok ? { ok: true, value: childOf(parent, header, false) } : context
  }

  /**
   * Adds a header of our own store without checks.
   * @param failed it was found invalid.
   * @param rejection why, where that is known.
   * @returns undefined when its parent is not here.
   */
  restore(header: BlockHeader, failed: boolean, rejection?: Rejection): HeaderNode | undefined {
    const known = this.get(header.hash)
    if (known) return known
    const parent = this.get(header.previousBlock)
    if (!parent) return undefined
    const node = this.insert(header, parent, failed || parent.invalid)
    const why = failed ? rejection : parent.rejection
    if (why) node.rejection = why
    return node
  }

  /** The ancestor at a height, the node itself at its own. */
  ancestor(node: HeaderNode, height: number): HeaderNode {
    return ancestorAt(node, height)
  }

  /** The last block that both chains share. */
  findFork(a: HeaderNode, b: HeaderNode): HeaderNode {
    return findFork(a, b)
  }

  /** The median time of the last eleven headers up to the node, Unix time in seconds. */
  medianTimePast(node: HeaderNode): number {
    return medianTimePast(node)
  }

  /** Hashes from the node back to the genesis block, dense at first, then twice as far apart each time. */
  locator(node: HeaderNode = this.bestNode): BlockHash[] {
    const hashes: BlockHash[] = []
    let step = 1
    let { height } = node
    for (;;) {
      hashes.push(ancestorAt(node, height).hash)
      if (height === 0) return hashes
      if (hashes.length > DENSE_LOCATOR_HASHES) step *= 2
      height = Math.max(0, height - step)
    }
  }

  /** The ends of all branches, the genesis block if there is nothing else. */
  leaves(): HeaderNode[] {
    return [...this.nodesByHash.values()].filter(node => !this.parents.has(node))
  }

  /** All nodes, parents before children. */
  nodes(): IterableIterator<HeaderNode> {
    return this.nodesByHash.values()
  }

  /**
   * Marks the block and all its descendants invalid; the best is chosen anew.
   * @returns those that were not marked before: others keep their reason.
   */
  markInvalid(node: HeaderNode, rejection?: Rejection): HeaderNode[] {
    assert(node !== this.genesis, 'the genesis block cannot be invalid')
    const marked = this.branchFrom(node).filter(each => !each.invalid)
    for (const each of marked) {
      each.invalid = true
      if (rejection) each.rejection = rejection
    }
    if (this.bestNode.invalid) this.bestNode = this.chooseBest()
    return marked
  }

  /**
   * Takes back what {@link markInvalid} said of the block, its ancestors and its descendants, so that they are checked
   * again (Bitcoin Core's `ResetBlockFailureFlags`); the best is chosen anew.
   * @returns those that were marked.
   */
  reconsider(node: HeaderNode): HeaderNode[] {
    const line = this.branchFrom(node)
    for (let walk = node.parent; walk; walk = walk.parent) line.push(walk)
    const cleared = line.filter(({ invalid }) => invalid)
    for (const each of cleared) {
      each.invalid = false
      delete each.rejection
    }
    if (cleared.length > 0) this.bestNode = this.chooseBest()
    return cleared
  }

  /**
   * Forgets headers and all that build on them; the best is chosen anew.
   * @returns all that went.
   */
  remove(roots: Iterable<HeaderNode>): HeaderNode[] {
    const removed = this.branchesFrom(roots)
    assert(!removed.includes(this.genesis), 'the genesis block cannot be forgotten')
    for (const node of removed) this.nodesByHash.delete(bytesKey(node.hash))
    this.parents.clear()
    for (const { parent } of this.nodesByHash.values()) if (parent) this.parents.add(parent)
    if (removed.includes(this.bestNode)) this.bestNode = this.chooseBest()
    return removed
  }

  /** The node and all its descendants, parents before children. */
  private branchFrom(node: HeaderNode): HeaderNode[] {
    return this.branchesFrom([node])
  }

  /** The nodes and all their descendants. */
  private branchesFrom(roots: Iterable<HeaderNode>): HeaderNode[] {
    const branch = new Set<HeaderNode>(roots)
    // A child always comes after its parent in the map.
    for (const other of this.nodesByHash.values())
      if (other.parent && branch.has(other.parent)) branch.add(other)
    return [...branch]
  }

  private chooseBest(): HeaderNode {
    let best = this.genesis
    for (const node of this.nodesByHash.values()) {
      if (!node.invalid && node.chainWork > best.chainWork) best = node
    }
    return best
  }

  private insert(header: BlockHeader, parent: HeaderNode, failed: boolean): HeaderNode {
    const node = childOf(parent, header, failed)
    this.nodesByHash.set(bytesKey(header.hash), node)
    this.parents.add(parent)
    if (!failed && node.chainWork > this.bestNode.chainWork) this.bestNode = node
    return node
  }
}

function childOf(parent: HeaderNode, header: BlockHeader, invalid: boolean): HeaderNode {
  const height = parent.height + 1
  return {
    hash: header.hash,
    header,
    height,
    chainWork: parent.chainWork + workOf(header.bits),
    parent,
    skip: ancestorAt(parent, skipHeight(height)),
    invalid,
  }
}

/** Blames as the first refusal did: a block that only we cannot check is nobody's fault, nor is what builds on it. */
function againInvalid(code: string, node: HeaderNode): Rejection {
  const detail = node.rejection?.code
  return node.rejection?.blame === 'nobody' ? refused(code, detail) : invalid(code, detail)
}
