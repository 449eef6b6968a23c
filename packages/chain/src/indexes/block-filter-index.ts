import { BlockFilter, type BlockHash, createBlockFilter, NULL_FILTER_HEADER } from '@onehop/ledger'
import { assertDefined, concatBytes, equalBytes, utf8Encode } from '@onehop/primitives'
import { decodeStored } from '../errors.ts'
import type { KeyValueChange } from '../storage/port.ts'
import type { ChainIndex, IndexedBlock, IndexedValues } from './chain-index.ts'

/** A block's filter, with the header that commits to it and to all before it (BIP 157). */
export interface StoredFilter {
  readonly filter: BlockFilter
  /** 32 bytes in internal order. */
  readonly header: Uint8Array
}

/** `F` and the block's hash: the filter header, then the filter. */
const PREFIX = utf8Encode('F')
const HEADER_BYTES = 32

function keyOf(hash: BlockHash): Uint8Array {
  return concatBytes(PREFIX, hash)
}

/**
 * The basic filters of BIP 158, and their headers. Those of blocks that leave the active chain stay, for a block's filter
 * depends on nothing but the block and those before it.
 */
export class BlockFilterIndex implements ChainIndex {
  readonly name = 'basic block filter index'
  /** The last header made: the next block's filter builds on it before it can be read from the store. */
  private last: { readonly hash: BlockHash; readonly header: Uint8Array } | undefined

  /** The block's filter, when it has been indexed. */
  find(hash: BlockHash, values: IndexedValues): StoredFilter | undefined {
    const value = values.get(keyOf(hash))
    if (value === undefined) return undefined
    // The store's own bytes are not to be kept, and may be a Buffer.
    const bytes = Uint8Array.from(value)
    const header = bytes.slice(0, HEADER_BYTES)
    const filter = decodeStored('A stored filter', () => new BlockFilter(hash, bytes.slice(HEADER_BYTES)))
    return { filter, header }
  }

  async connect(indexed: IndexedBlock, values: IndexedValues): Promise<KeyValueChange[]> {
    const { node, block } = indexed
    const filter = createBlockFilter(block, await indexed.undo())
    const before = node.parent === undefined ? NULL_FILTER_HEADER : this.headerOf(node.parent.hash, values)
    const header = filter.headerAfter(before)
    this.last = { hash: node.hash, header }
    return [{ key: keyOf(node.hash), value: concatBytes(header, filter.bytes) }]
  }

  async disconnect(): Promise<KeyValueChange[]> {
    return []
  }

  private headerOf(hash: BlockHash, values: IndexedValues): Uint8Array {
    if (this.last && equalBytes(this.last.hash, hash)) return this.last.header
    const stored = assertDefined(values.get(keyOf(hash)), 'filters are made without gaps')
    return stored.slice(0, HEADER_BYTES)
  }
}
