import type { Libp2pOverlay } from '@onehop/libp2p-overlay'

/** What publishing and finding content needs of the overlay. */
export type ContentOverlay = Pick<
  Libp2pOverlay<unknown>,
  'isReady' | 'ready' | 'publish' | 'withdraw' | 'lookup' | 'search'
>
