import type { CID } from 'multiformats/cid'

/** Nobody is known who could be asked, or told. */
export class NoPeersError extends Error {
  static override readonly name = 'NoPeersError'
  override readonly name = 'NoPeersError'
}

/** Peers were told, and none confirmed in time. */
export class NotAcknowledgedError extends Error {
  static override readonly name = 'NotAcknowledgedError'
  override readonly name = 'NotAcknowledgedError'

  constructor(cid: CID) {
    super(`no peer acknowledged that this node provides ${cid.toString()}`)
  }
}

/** This node provides as much as it can keep refreshing. */
export class TooManyProvisionsError extends Error {
  static override readonly name = 'TooManyProvisionsError'
  override readonly name = 'TooManyProvisionsError'
}
