import type { Block, BlockUndo, HeaderNode } from '@onehop/ledger'
import type { KeyValueChange } from '../storage/port.ts'

/** A block of the active chain, as an index gets it. */
export interface IndexedBlock {
  readonly node: HeaderNode
  readonly block: Block
  /** What the block spent; nothing for the first block. */
  undo(): Promise<BlockUndo>
}

/** What an index has stored so far. */
export interface IndexedValues {
  get(key: Uint8Array): Uint8Array | undefined
}

/**
 * Port: a table that follows the active chain, block by block, in a key range of its own. It only says what changes;
 * that it happens once and whole, also over kill -9, is its follower's work. Blocks come without gaps, from the first
 * one of the network on.
 */
export interface ChainIndex {
  /** As `getindexinfo` names it. */
  readonly name: string
  /** What a block that joins the active chain changes. */
  connect(block: IndexedBlock, values: IndexedValues): Promise<KeyValueChange[]>
  /** What a block that leaves the active chain changes. */
  disconnect(block: IndexedBlock): Promise<KeyValueChange[]>
}

/** How far an index has come (`getindexinfo`). */
export interface IndexProgress {
  readonly name: string
  /** It has caught up with the chain once, and has stayed close to it since. */
  readonly synced: boolean
  /** Height of the last block that is in it; −1 when there is none. */
  readonly height: number
}
