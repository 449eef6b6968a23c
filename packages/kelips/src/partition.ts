import { assert } from '@onehop/primitives'
import { groupOfHash } from './groups.ts'
import { KIN_CONTACTS_PER_BUCKET, MAX_CONTACTS_PER_GROUP, MAX_DEPTH, MAX_VIEW_MEMBERS } from './limits.ts'

/**
 * How a node's tables divide the circle of hashes: its own group, of which it knows everybody, and buckets of the
 * rest, of each of which it knows a few. Immutable; when the node changes its mind, its tables take another one.
 */
export interface Partition {
  /** Buckets in which peers are kept, numbered from 0 in the order of their hashes. */
  readonly buckets: number
  /** Contacts kept per bucket that is not the own group's, but for {@link capacityOf} those nearest in the tree. */
  readonly contactsPerBucket: number
  bucketOf(hash32: number): number
  /** Whether a peer or key of this hash belongs to the own group. */
  isOwn(hash32: number): boolean
  /** Whether the peers of this bucket belong to the own group. */
  isOwnBucket(bucket: number): boolean
  /** Most peers kept in the bucket. */
  capacityOf(bucket: number): number
}

/** The first `depth` bits of a hash, as a number. */
export function prefixOf(hash32: number, depth: number): number {
  return depth === 0 ? 0 : hash32 >>> (32 - depth)
}

/** Whether a peer of this depth is to hold what has the other hash: their first `depth` bits agree. */
export function covers(depth: number, hashOfPeer: number, hashOfKey: number): boolean {
  return depth === 0 || (hashOfPeer ^ hashOfKey) >>> (32 - depth) === 0
}

/** How many of their first bits two hashes have in common, 0 to 32. */
export function commonBits(a: number, b: number): number {
  return Math.clz32(a ^ b)
}

/** A fixed number of groups, each of which is one bucket. */
export class FixedPartition implements Partition {
  readonly buckets: number
  readonly ownGroup: number
  readonly contactsPerBucket: number

  constructor(groups: number, ownHash: number, contactsPerGroup: number) {
    this.buckets = groups
    this.ownGroup = groupOfHash(ownHash, groups)
    this.contactsPerBucket = Math.min(contactsPerGroup, MAX_CONTACTS_PER_GROUP)
  }

  bucketOf(hash32: number): number {
    return groupOfHash(hash32, this.buckets)
  }

  isOwn(hash32: number): boolean {
    return groupOfHash(hash32, this.buckets) === this.ownGroup
  }

  isOwnBucket(bucket: number): boolean {
    return bucket === this.ownGroup
  }

  capacityOf(bucket: number): number {
    return bucket === this.ownGroup ? MAX_VIEW_MEMBERS : this.contactsPerBucket
  }
}

/**
 * Groups are prefixes of `depth` bits. Buckets have one bit more: each half of a group has contacts of its own, so that
 * a group which has split already, or is about to, is known on both sides.
 */
export class PrefixPartition implements Partition {
  readonly depth: number
  readonly buckets: number
  readonly contactsPerBucket: number
  private readonly ownHash: number

  constructor(depth: number, ownHash: number, contactsPerGroup: number) {
    assert(Number.isInteger(depth) && depth >= 0 && depth <= MAX_DEPTH, `a depth of ${depth}`)
    this.depth = depth
    this.ownHash = ownHash
    this.buckets = 2 ** (depth + 1)
    this.contactsPerBucket = Math.min(Math.ceil(contactsPerGroup / 2), MAX_CONTACTS_PER_GROUP)
  }

  bucketOf(hash32: number): number {
    return prefixOf(hash32, this.depth + 1)
  }

  isOwn(hash32: number): boolean {
    return covers(this.depth, this.ownHash, hash32)
  }

  isOwnBucket(bucket: number): boolean {
    return bucket >>> 1 === prefixOf(this.ownHash, this.depth)
  }

  /** Of the sibling group more are known: it is with them that the own group merges, and who decides counts them. */
  capacityOf(bucket: number): number {
    if (this.isOwnBucket(bucket)) return MAX_VIEW_MEMBERS
    return this.isSiblingBucket(bucket)
      ? Math.max(KIN_CONTACTS_PER_BUCKET, this.contactsPerBucket)
      : this.contactsPerBucket
  }

  private isSiblingBucket(bucket: number): boolean {
    return this.depth > 0 && bucket >>> 1 === (prefixOf(this.ownHash, this.depth) ^ 1)
  }
}
