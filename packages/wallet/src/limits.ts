/**
 * Unused addresses kept watched beyond the last used one, receiving and change alike (BIP 44's gap limit). A
 * payment to an address further away would not be seen.
 */
export const GAP_LIMIT = 20

/** Satoshis per virtual byte: above the default minimum relay fee of 1, so that rounding never falls below it. */
export const DEFAULT_FEE_RATE = 2

/** Satoshis per virtual byte. Less is not relayed (Core's DEFAULT_MIN_RELAY_TX_FEE). */
export const MIN_FEE_RATE = 1

/** Satoshis. A payment whose fee would be higher is a mistake (Core's DEFAULT_TRANSACTION_MAXFEE, 0.1 BTC). */
export const MAX_FEE_SATS = 10_000_000n

/** Satoshis. Less in a P2WPKH output costs more to spend than it is worth: no change of such (Core's dust limit). */
export const P2WPKH_DUST_SATS = 294n
