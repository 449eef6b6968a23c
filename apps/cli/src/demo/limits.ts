/** Nodes of the tour's testnet. */
export const TOUR_NODES = 8

/** Bytes of the file that is shared: 64 MiB, 256 pieces. */
export const TOUR_FILE_BYTES = 64 * 1024 * 1024

/** Where the search for free RPC ports begins: above those of a testnet that may be running. */
export const TOUR_FIRST_RPC_PORT = 28_443

/** Time in ms that anything in the tour may take to come about. */
export const TOUR_WAIT_MS = 30_000

/** Time in ms that one transfer of the file may take. */
export const TOUR_FETCH_MS = 60_000

/** Time in ms between two looks. */
export const TOUR_POLL_MS = 50
