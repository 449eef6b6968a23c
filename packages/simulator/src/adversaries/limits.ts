/** Time in ms between the attacks of a hostile node that does not wait to be asked. */
export const ATTACK_INTERVAL_MS = 1_000

/** Peers that a hostile node keeps in mind as victims: those that spoke to it last. */
export const MAX_VICTIMS = 64

/** Victims of one attack. */
export const VICTIMS_PER_ATTACK = 2

/** Messages to each victim of a flood, each time: beside the honest one every few seconds that is plenty. */
export const FLOOD_MESSAGES = 4

/** Records in a message of junk: enough to be a burden, few enough to be well-formed. */
export const FLOOD_RECORDS = 64

/** Records and pointers that colluders keep to replay them later. */
export const MAX_LOOT = 256

/** Colluders that a hostile node names where it is asked for members. */
export const PROMOTED_COLLUDERS = 16
