import { type Key, keyHash32 } from '@onehop/overlay'
import { type RandomSource, SIPHASH_KEY_LENGTH, sipHash24 } from '@onehop/primitives'
import { Filetuples } from './filetuples.ts'
import { PackedPointers } from './packed-pointers.ts'
import { PackedRecords } from './packed-records.ts'
import { SharedPointers } from './pointer-store.ts'
import { type RecordStore, SharedRecords } from './record-store.ts'

/**
 * How a node keeps what is signed. `packed`: as bytes of its own, a node of one process. `shared`: as references to
 * immutable objects that a hundred thousand nodes of one simulation have in common.
 */
export type TableKind = 'packed' | 'shared'

export interface Tables {
  readonly records: RecordStore
  readonly filetuples: Filetuples
}

export function makeTables(kind: TableKind, random: RandomSource): Tables {
  if (kind === 'shared')
    return { records: new SharedRecords(), filetuples: new Filetuples(new SharedPointers(), keyHash32) }
  const filetuples = new Filetuples(new PackedPointers(), secretHash(random))
  return { records: new PackedRecords(), filetuples }
}

/** Whoever chooses keys must not be able to choose the chain in which they are: it would become long. */
function secretHash(random: RandomSource): (key: Key) => number {
  const secret = Uint8Array.from({ length: SIPHASH_KEY_LENGTH }, () => Math.floor(random() * 256))
  return key => Number(BigInt.asUintN(32, sipHash24(secret, key)))
}
