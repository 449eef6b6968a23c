import { assertDefined, equalBytes, invalid, type Result, refused } from '@onehop/primitives'
import { Block, type BlockHeader } from './block.ts'
import type { CompactBlock } from './compact-block.ts'
import type { ChainParameters } from './params.ts'
import { checkNotMutated } from './rules/check-not-mutated.ts'
import { ShortIdTable, shortIdsOf } from './short-ids.ts'
import type { Transaction } from './transaction.ts'

/** A block whose transactions are known in part. */
export interface PartialBlock {
  readonly header: BlockHeader
  /** In the block's order; undefined where nobody here knows the transaction. */
  readonly transactions: readonly (Transaction | undefined)[]
  /** Places of the unknown ones, ascending. */
  readonly missing: readonly number[]
}

/**
 * Fills in the transactions that are known here.
 * @param known Those of the mempool and others, in any order; one may come twice.
 * @returns refused (`short-id-collision`, blame: nobody) where two transactions of the block have one short id.
 */
export function matchCompactBlock(compact: CompactBlock, known: Iterable<Transaction>): Result<PartialBlock> {
  const table = new ShortIdTable(compact.shortIds)
  if (table.hasRepeats)
    return refused('short-id-collision', 'two transactions of the block have one short id')
  const named = matchShortIds(compact, table, known)
  const transactions = spread(compact, named)
  const missing = Array.from(transactions.keys()).filter(index => transactions[index] === undefined)
  return { ok: true, value: { header: compact.header, transactions, missing } }
}

/**
 * The block, once the missing transactions are here.
 * @param height the block's.
 * @returns `invalid` when these are more or fewer than were asked for; refused (`mutated-block`, blame: nobody) when the
 *   header commits to others: some short id was the one of another transaction as well.
 */
export function completeBlock(
  { header, transactions, missing }: PartialBlock,
  fetched: readonly Transaction[],
  height: number,
  parameters: ChainParameters,
): Result<Block> {
  if (fetched.length !== missing.length)
    return invalid('invalid compact block/non-matching block transactions')
  const rest = fetched.values()
  const complete = transactions.map(
    known => known ?? assertDefined(rest.next().value, 'as many were fetched as were missing'),
  )
  const block = new Block(header, complete)
  const checked = checkNotMutated(block, height, parameters)
  return checked.ok ? { ok: true, value: block } : refused('mutated-block', checked.code)
}

/** The known transaction of each short id; undefined where there is none, or more than one. */
function matchShortIds(
  { header, nonce, shortIds }: CompactBlock,
  table: ShortIdTable,
  known: Iterable<Transaction>,
): (Transaction | undefined)[] {
  const shortIdOf = shortIdsOf(header, nonce)
  const matches = new Array<Transaction | undefined>(shortIds.length).fill(undefined)
  const ambiguous = new Set<number>()
  for (const transaction of known) {
    const place = table.placeOf(shortIdOf(transaction.wtxid))
    if (place === undefined || ambiguous.has(place)) continue
    const other = matches[place]
    if (other === undefined) matches[place] = transaction
    else if (!isSame(other, transaction)) {
      ambiguous.add(place)
      matches[place] = undefined
    }
  }
  return matches
}

function isSame(a: Transaction, b: Transaction): boolean {
  return equalBytes(a.wtxid, b.wtxid)
}

/** Puts the named transactions into the places that the prefilled ones leave. */
function spread(
  { shortIds, prefilled }: CompactBlock,
  named: readonly (Transaction | undefined)[],
): (Transaction | undefined)[] {
  const all = new Array<Transaction | undefined>(shortIds.length + prefilled.length).fill(undefined)
  const isPrefilled = new Uint8Array(all.length)
  for (const { index, transaction } of prefilled) {
    all[index] = transaction
    isPrefilled[index] = 1
  }
  let next = 0
  for (let index = 0; index < all.length; index++) if (isPrefilled[index] === 0) all[index] = named[next++]
  return all
}
