import type { Libp2pOverlay } from '@onehop/libp2p-overlay'

/** What publishing and finding content needs of the overlay. */
export interface ContentOverlay
  extends Pick<
    Libp2pOverlay<unknown>,
    | 'isReady'
    | 'ready'
    | 'canSearch'
    | 'mostPublications'
    | 'publish'
    | 'withdraw'
    | 'lookup'
    | 'search'
    | 'requestDelivery'
    | 'noteDownload'
  > {
  /** The overlay's name. */
  readonly name: string
  /** Why nobody can answer, where that is so; see `isolationOf`. */
  readonly isolation: string | undefined
}
