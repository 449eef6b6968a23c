import { type Rejection, refused } from '@onehop/primitives'

/** Why a block is invalid that `invalidateblock` named, or that builds on such: nobody who sends it is to blame. */
export const INVALIDATED: Rejection = refused('invalidated', 'marked invalid by invalidateblock')

/** Whether the block is only invalid because somebody here said so. */
export function isInvalidated(rejection: Rejection | undefined): boolean {
  return rejection?.code === INVALIDATED.code
}
