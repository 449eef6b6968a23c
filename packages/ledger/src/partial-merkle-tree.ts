import { assert, bytesKey, DecodeError, equalBytes } from '@onehop/primitives'
import type { TxId } from './ids.ts'
import { MAX_BLOCK_TRANSACTIONS } from './limits.ts'
import { merkleLevels, merkleParent } from './merkle.ts'

/** The part of a block's merkle tree that proves some of its transactions (BIP 37). */
export interface PartialMerkleTree {
  /** Transactions of the whole block, as claimed: nothing in the tree proves it. */
  readonly transactionCount: number
  /** 32 bytes each, depth first: subtrees without a match, and the leaves that are reached. */
  readonly hashes: readonly Uint8Array[]
  /** For each node that is reached, depth first: a match lies below it. The lowest bit of a byte comes first. */
  readonly flags: Uint8Array
}

/** A transaction that a tree proves. */
export interface MerkleMatch {
  readonly txid: TxId
  /** Its place in the block, from 0 for the coinbase. */
  readonly position: number
}

/** What a tree says. It says so of the block whose header has this root, and of no other. */
export interface MerkleExtract {
  /** 32 bytes, internal order. */
  readonly root: Uint8Array
  /** In the order of the block. */
  readonly matches: readonly MerkleMatch[]
}

/** Proves those of a block's transactions (at least one, in their order) that are wanted; others are not an error. */
export function createPartialMerkleTree(txids: readonly TxId[], wanted: Iterable<TxId>): PartialMerkleTree {
  assert(txids.length > 0, 'a block has a transaction')
  const keys = new Set(Array.from(wanted, bytesKey))
  const levels = merkleLevels(txids)
  const matched = matchedLevels(txids.map(txid => keys.has(bytesKey(txid))))
  const hashes: Uint8Array[] = []
  const bits: boolean[] = []
  const visit = (height: number, position: number): void => {
    if (position >= levels[height]!.length) return
    const descends = matched[height]![position]!
    bits.push(descends)
    if (height === 0 || !descends) hashes.push(levels[height]![position]!)
    else for (const side of [0, 1]) visit(height - 1, 2 * position + side)
  }
  visit(levels.length - 1, 0)
  return { transactionCount: txids.length, hashes, flags: packBits(bits) }
}

/**
 * What the tree proves, after all checks of Bitcoin Core's `CPartialMerkleTree::ExtractMatches`. Costs no more than the
 * tree's own hashes. Whether the root is that of a block is for the caller to check.
 * @throws {DecodeError} where Core refuses, with the reason.
 */
export function extractMatches(tree: PartialMerkleTree): MerkleExtract {
  checkCounts(tree)
  const walk = new TreeWalk(tree)
  const root = walk.visit(treeHeight(tree.transactionCount), 0)
  walk.expectEnd()
  return { root, matches: walk.matches }
}

function checkCounts({ transactionCount, hashes, flags }: PartialMerkleTree): void {
  if (transactionCount === 0) throw new DecodeError('a tree of no transactions')
  if (transactionCount > MAX_BLOCK_TRANSACTIONS) throw new DecodeError('more transactions than a block has')
  if (hashes.length > transactionCount) throw new DecodeError('more hashes than transactions')
  if (flags.length * 8 < hashes.length) throw new DecodeError('fewer flags than hashes')
}

/** Goes through a tree as it was written, depth first. */
class TreeWalk {
  readonly matches: MerkleMatch[] = []
  private readonly tree: PartialMerkleTree
  private flagsRead = 0
  private hashesRead = 0

  constructor(tree: PartialMerkleTree) {
    this.tree = tree
  }

  /** The hash of the node at a height above the leaves. */
  visit(height: number, position: number): Uint8Array {
    const isMatch = this.readFlag()
    if (height > 0 && isMatch) return this.visitChildren(height - 1, 2 * position)
    const hash = this.readHash()
    if (isMatch) this.matches.push({ txid: hash as TxId, position })
    return hash
  }

  /** @throws {DecodeError} when the tree has more than was needed: it could be varied without an effect. */
  expectEnd(): void {
    if (Math.ceil(this.flagsRead / 8) !== this.tree.flags.length)
      throw new DecodeError('flags that no node uses')
    if (this.hashesRead !== this.tree.hashes.length) throw new DecodeError('hashes that no node uses')
  }

  private visitChildren(height: number, position: number): Uint8Array {
    const left = this.visit(height, position)
    const hasRight = position + 1 < levelWidth(this.tree.transactionCount, height)
    const right = hasRight ? this.visit(height, position + 1) : left
    // Equal hashes would prove a transaction at a place where there is none (CVE-2012-2459).
    if (hasRight && equalBytes(left, right)) throw new DecodeError('two equal neighbours')
    return merkleParent(left, right)
  }

  private readFlag(): boolean {
    const at = this.flagsRead++
    const byte = this.tree.flags[at >> 3]
    if (byte === undefined) throw new DecodeError('fewer flags than nodes')
    return ((byte >> (at & 7)) & 1) === 1
  }

  private readHash(): Uint8Array {
    const hash = this.tree.hashes[this.hashesRead++]
    if (hash === undefined) throw new DecodeError('fewer hashes than nodes')
    return hash
  }
}

/** Nodes at a height above `transactionCount` leaves. */
function levelWidth(transactionCount: number, height: number): number {
  return Math.ceil(transactionCount / 2 ** height)
}

function treeHeight(transactionCount: number): number {
  let height = 0
  while (levelWidth(transactionCount, height) > 1) height++
  return height
}

/** For each level, whether a match lies at or below each node. */
function matchedLevels(leaves: readonly boolean[]): readonly (readonly boolean[])[] {
  const levels = [leaves]
  for (let level = leaves; level.length > 1; ) {
    const below = level
    level = Array.from(
      { length: levelWidth(below.length, 1) },
      (_, i) => below[2 * i]! || below[2 * i + 1] === true,
    )
    levels.push(level)
  }
  return levels
}

function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3] = bytes[i >> 3]! | (1 << (i & 7))
  return bytes
}
