import { OK, refused, type Verdict } from '@onehop/primitives'
import { MAX_TRUC_CHILD_VIRTUAL_SIZE, MAX_TRUC_VIRTUAL_SIZE } from '../limits.ts'
import type { Transaction } from '../transaction.ts'
import type { MempoolEntry } from './mempool-entry.ts'

const TRUC_VERSION = 3

/**
 * Topologically restricted until confirmation (BIP 431): a version 3 transaction is small, and has at most one
 * unconfirmed relative, which is of version 3 too.
 */
export function checkTruc(
  { version }: Transaction,
  virtualSize: number,
  parents: ReadonlySet<MempoolEntry>,
): Verdict {
  const isTruc = version === TRUC_VERSION
  for (const { transaction } of parents) {
    if ((transaction.version === TRUC_VERSION) !== isTruc)
      return refused('TRUC-violation', 'version 3 and other versions spend each other only when confirmed')
  }
  if (!isTruc) return OK
  if (virtualSize > MAX_TRUC_VIRTUAL_SIZE)
    return refused('TRUC-violation', 'a version 3 transaction too large')
  const [parent] = parents
  return parent === undefined ? OK : checkTrucChild(virtualSize, parent, parents.size)
}

function checkTrucChild(virtualSize: number, parent: MempoolEntry, parentCount: number): Verdict {
  if (parentCount > 1 || parent.parents.size > 0)
    return refused('TRUC-violation', 'too many unconfirmed ancestors')
  if (virtualSize > MAX_TRUC_CHILD_VIRTUAL_SIZE)
    return refused('TRUC-violation', 'a child of a version 3 transaction too large')
  return parent.children.size > 0 ? refused('TRUC-violation', 'the parent has a child already') : OK
}
