import {
  type BlockHash,
  type ChainParameters,
  type HeaderNode,
  type HeaderTree,
  serializeBlock,
} from '@onehop/ledger'
import { assertDefined } from '@onehop/primitives'
import { BlockIndex } from './block-index.ts'
import type { ChainStore } from './chain-store.ts'
import { StoreCorruptError } from './errors.ts'
import { INVALIDATED } from './invalidation.ts'
import type { RecordLocation } from './storage/record-files.ts'
import type { IndexEntry } from './store-format.ts'

/** What a store held when it was opened. */
export interface LoadedIndex {
  readonly index: BlockIndex
  /** The block whose coins the store holds, or will hold when an interrupted flush is finished. */
  readonly coinsTip: HeaderNode
  /** The last block of the acknowledged chain that is not marked invalid. */
  readonly acknowledged: HeaderNode
}

function compareLocations(a: RecordLocation, b: RecordLocation): number {
  return a.file - b.file || a.offset - b.offset
}

async function entriesByHeight(store: ChainStore): Promise<IndexEntry[]> {
  const entries: IndexEntry[] = []
  for await (const entry of store.entries()) entries.push(entry)
  return entries.sort((a, b) => a.height - b.height)
}

function addToTree(tree: HeaderTree, { header, height, failed, invalidated }: IndexEntry): HeaderNode {
  const node = tree.restore(header, failed || invalidated, invalidated ? INVALIDATED : undefined)
  if (node?.height !== height)
    throw new StoreCorruptError(`The block index has a gap below height ${height}.`)
  return node
}

/** Bodies in the order in which they were stored, so that the first seen of equal work is first again. */
function addBodies(index: BlockIndex, bodies: readonly (readonly [HeaderNode, RecordLocation])[]): void {
  for (const [node, location] of bodies.toSorted((a, b) => compareLocations(a[1], b[1])))
    index.setBody(index.entryOf(node), location, index.entryOf(node).transactions)
}

/**
 * Fills the header tree and the index from the store; a new store gets the network's first block.
 * @throws {StoreCorruptError}
 */
export async function loadIndex(
  store: ChainStore,
  parameters: ChainParameters,
  tree: HeaderTree,
): Promise<LoadedIndex> {
  const { genesis } = parameters
  if (store.isNew) await store.initialize(genesis.header.hash, genesis.header, serializeBlock(genesis))
  const index = new BlockIndex()
  const bodies: [HeaderNode, RecordLocation][] = []
  for (const stored of await entriesByHeight(store)) {
    const node = addToTree(tree, stored)
    const entry = index.entryOf(node)
    entry.undo = stored.undo
    entry.transactions = stored.transactions
    entry.connected = stored.connected
    if (stored.block !== undefined) bodies.push([node, stored.block])
    else if (stored.pruned) {
      index.setPruned(entry)
      index.join(entry)
    }
  }
  addBodies(index, bodies)
  const find = (hash: BlockHash | undefined, what: string) => {
    const node = hash && tree.get(hash)
    if (node === undefined) throw new StoreCorruptError(`The block index lacks the ${what}.`)
    return node
  }
  const coinsTip = find(store.coins.unfinishedFlush ?? store.coins.flushedBlock, 'block whose coins are here')
  const acknowledged = lastValid(find(store.tip(), 'best block'))
  for (let node: HeaderNode | undefined = acknowledged; node; node = node.parent)
    index.favour(index.entryOf(node))
  index.pruneCandidates(index.entryOf(acknowledged))
  index.takeUnstored()
  return { index, coinsTip, acknowledged }
}

/** A process may have ended after a block was marked and before the tip had left it. */
function lastValid(tip: HeaderNode): HeaderNode {
  let node = tip
  while (node.invalid) node = assertDefined(node.parent, 'the first block is valid')
  return node
}
