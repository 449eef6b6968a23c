import { type Block, type ChainParameters, checkBlock, checkBlockInContext } from '@onehop/ledger'
import { assertDefined, OK, type Rejection, refused, type Verdict } from '@onehop/primitives'
import type { BlockEntry, BlockIndex } from './block-index.ts'
import type { ChainState, FreshBlock } from './chain-state.ts'
import { MAX_BLOCKS_AHEAD, MAX_WAITING_BLOCKS } from './limits.ts'

/** Where bodies go. */
export interface BodyDestination {
  readonly state: ChainState
  readonly index: BlockIndex
  readonly parameters: ChainParameters
}

function checkBody(block: Block, { node }: BlockEntry, parameters: ChainParameters): Verdict {
  const alone = checkBlock(block, parameters)
  if (!alone.ok) return alone
  return checkBlockInContext(block, assertDefined(node.parent, 'the first block is always here'), parameters)
}

/** Whether the body can be stored although it cannot be connected now. */
function checkRoom(entry: BlockEntry, { state, index }: BodyDestination): Verdict {
  if (entry.node.height > state.tip.height + MAX_BLOCKS_AHEAD)
    return refused('block-too-far-ahead', 'the block is too far above the tip to be stored yet')
  const waits = index.parentOf(entry)?.linked !== true
  if (waits && index.waitingCount >= MAX_WAITING_BLOCKS)
    return refused('too-many-waiting-blocks', 'too many blocks wait for the one before them')
  return OK
}

/** Why the block is not on its way to the active chain, if it is not. */
function verdictOf(entry: BlockEntry, refusals: ReadonlyMap<BlockEntry, Rejection>): Verdict {
  const { node } = entry
  if (!node.invalid) return OK
  const own = refusals.get(entry)
  if (own !== undefined) return own
  return { ok: false, code: 'bad-prevblk', blame: node.rejection?.blame ?? 'sender' }
}

async function storeAside(
  entry: BlockEntry,
  fresh: FreshBlock,
  destination: BodyDestination,
): Promise<Verdict> {
  const { state, parameters } = destination
  const checked = checkBody(fresh.block, entry, parameters)
  if (!checked.ok) return state.refuse(entry, checked, fresh.block)
  const room = checkRoom(entry, destination)
  if (!room.ok) return room
  await state.storeBody(entry, fresh)
  return OK
}

/**
 * Takes in a body: connects it where it extends the tip, else checks it as far as that can be done and stores it,
 * and moves the tip to the best block. Nothing of an invalid block is stored but that its header is invalid.
 * @returns OK also for a block that is here already, or is stored and not (yet) on the active chain.
 */
export async function acceptBody(
  entry: BlockEntry,
  fresh: FreshBlock,
  destination: BodyDestination,
): Promise<Verdict> {
  const { state } = destination
  if (entry.block !== undefined) return OK
  const isNext = entry.node.parent === state.tip
  const taken = isNext ? await state.connect(entry, fresh) : await storeAside(entry, fresh, destination)
  if (!taken.ok) return taken
  return verdictOf(entry, await state.activateBest())
}
