/**
 * Core's codes for a header or block that is known to be invalid by its block, or by one before it: whoever sent it need
 * not have known.
 */
export const INVALID_BY_ITS_BODY = /^(duplicate-invalid|bad-prevblk)$/

/** Core's code for a header whose parent is not known. */
export const UNKNOWN_PARENT = 'prev-blk-not-found'

/** Core's code for headers whose chain has too little work to be kept. */
export const LOW_WORK = 'too-little-chainwork'
