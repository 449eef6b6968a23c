import {
  ByteWriter,
  compareBytes,
  equalBytes,
  type SignatureVerifier,
  sha256,
  taggedHasher,
} from '@onehop/primitives'
import { MAX_TAPROOT_TREE_DEPTH } from '../limits.ts'

/** The leaf version of tapscript (BIP 342). */
export const TAPSCRIPT_LEAF_VERSION = 0xc0
/** The bits of a control block's first byte that are the leaf version; the last one is the output key's parity. */
export const TAPROOT_LEAF_MASK = 0xfe

const ANNEX_TAG = 0x50
const HASH_BYTES = 32
const BASE_BYTES = 33

const tapLeaf = taggedHasher('TapLeaf')
const tapBranch = taggedHasher('TapBranch')
const tapTweak = taggedHasher('TapTweak')

/** The hash of a leaf of the tree of scripts, 32 bytes (BIP 341). */
export function tapLeafHash(leafVersion: number, script: Uint8Array): Uint8Array {
  return tapLeaf(new ByteWriter().writeUint8(leafVersion).writeVarBytes(script).toBytes())
}

/** The hash of two subtrees, 32 bytes, whichever stands first (BIP 341). */
export function tapBranchHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) < 0 ? tapBranch(a, b) : tapBranch(b, a)
}

/** What the internal key is tweaked by, 32 bytes (BIP 341). @param merkleRoot absent for an output without scripts. */
export function tapTweakHash(internalKey: Uint8Array, merkleRoot?: Uint8Array): Uint8Array {
  return merkleRoot === undefined ? tapTweak(internalKey) : tapTweak(internalKey, merkleRoot)
}

/** The witness without its annex, and the annex where there is one (BIP 341). */
export function splitAnnex(witness: readonly Uint8Array[]): {
  readonly items: readonly Uint8Array[]
  readonly annex: Uint8Array | undefined
} {
  const last = witness[witness.length - 1]
  const annex = witness.length >= 2 && last?.[0] === ANNEX_TAG ? last : undefined
  return { items: annex === undefined ? witness : witness.slice(0, -1), annex }
}

/** What a signature commits to of the annex, 32 bytes (BIP 341). */
export function annexHash(annex: Uint8Array): Uint8Array {
  return sha256(new ByteWriter(annex.length + BASE_BYTES).writeVarBytes(annex).toBytes())
}

/** Whether it is an internal key and 0 to 128 hashes. */
export function isControlBlockLength(length: number): boolean {
  const path = length - BASE_BYTES
  return path >= 0 && path <= HASH_BYTES * MAX_TAPROOT_TREE_DEPTH && path % HASH_BYTES === 0
}

/** Whether the output key is the control block's internal key tweaked by a tree with this leaf (BIP 341). */
export function commitsToLeaf(
  outputKey: Uint8Array,
  controlBlock: Uint8Array,
  leafHash: Uint8Array,
  verifier: Pick<SignatureVerifier, 'tweakPublicKey'>,
): boolean {
  const internalKey = controlBlock.subarray(1, BASE_BYTES)
  let root = leafHash
  for (let at = BASE_BYTES; at < controlBlock.length; at += HASH_BYTES) {
    root = tapBranchHash(root, controlBlock.subarray(at, at + HASH_BYTES))
  }
  const tweaked = verifier.tweakPublicKey(internalKey, tapTweakHash(internalKey, root))
  return (
    tweaked !== undefined && tweaked.parity === (controlBlock[0]! & 1) && equalBytes(tweaked.key, outputKey)
  )
}
