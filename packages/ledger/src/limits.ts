/** Most weight units of a block (BIP 141). */
export const MAX_BLOCK_WEIGHT = 4_000_000

/** Weight units of a byte that is not witness data (BIP 141). */
export const WITNESS_SCALE_FACTOR = 4

/** Most signature operations of a block, at {@link WITNESS_SCALE_FACTOR} each where they are legacy (BIP 141). */
export const MAX_BLOCK_SIGOPS_COST = 80_000

/** Bytes of a serialised block header. */
export const HEADER_LENGTH = 80

/** Confirmations after which a coinbase output can be spent, in blocks. */
export const COINBASE_MATURITY = 100

/** Fewest and most bytes of a coinbase's scriptSig. */
export const MIN_COINBASE_SCRIPT_LENGTH = 2
export const MAX_COINBASE_SCRIPT_LENGTH = 100

/** Shortest serialisation of an input: outpoint, empty script, sequence. Bounds a claimed count, in bytes. */
export const MIN_INPUT_LENGTH = 41

/** Shortest serialisation of an output: value, empty script. Bounds a claimed count, in bytes. */
export const MIN_OUTPUT_LENGTH = 9

/** Shortest serialisation of a transaction (no input, no output). Bounds a claimed count, in bytes. */
export const MIN_TRANSACTION_LENGTH = 10

/** Headers whose median time a block must exceed (`nMedianTimeSpan`). */
export const MEDIAN_TIME_SPAN = 11

/** How far a header's time may lie ahead of ours, in seconds. */
export const MAX_FUTURE_BLOCK_TIME_SECONDS = 2 * 60 * 60

/** BIP 94: how far the first block of a period may lie before its parent, in seconds. */
export const MAX_TIMEWARP_SECONDS = 600

/** Lock times below this are heights, from here on Unix times (`LOCKTIME_THRESHOLD`). */
export const LOCKTIME_THRESHOLD = 500_000_000

/** Most bytes of an element on the stack (`MAX_SCRIPT_ELEMENT_SIZE`). */
export const MAX_SCRIPT_ELEMENT_LENGTH = 520

/** Most operations other than pushes in a legacy or segwit v0 script. */
export const MAX_OPERATIONS_PER_SCRIPT = 201

/** Most public keys of a CHECKMULTISIG. */
export const MAX_PUBLIC_KEYS_PER_MULTISIG = 20

/** Most public keys of a bare multisig template: those that one opcode can count. */
export const MAX_PUBLIC_KEYS_PER_BARE_MULTISIG = 16

/** Most bytes of a legacy or segwit v0 script; a longer scriptPubKey can never be spent. */
export const MAX_SCRIPT_LENGTH = 10_000

/** Most hashes between a leaf and the root of a taproot output's tree of scripts (BIP 341). */
export const MAX_TAPROOT_TREE_DEPTH = 128

/** What a signature that a tapscript checks costs, and what every input has on top of its witness (BIP 342), in weight units. */
export const TAPSCRIPT_WEIGHT_PER_SIGNATURE = 50
export const TAPSCRIPT_WEIGHT_OFFSET = 50

/**
 * Transactions whose scripts are remembered to be right: those of eight full blocks at the least. A power of two, at
 * 36 bytes each.
 */
export const SCRIPT_CACHE_TRANSACTIONS = 131_072

/** Most elements on the stack and the alternative stack together. */
export const MAX_STACK_ELEMENTS = 1_000

/** Most weight units of a transaction that the mempool takes (`MAX_STANDARD_TX_WEIGHT`). */
export const MAX_STANDARD_TRANSACTION_WEIGHT = 400_000

/** Fewest bytes without witness of a transaction that the mempool takes (CVE-2017-12842). */
export const MIN_STANDARD_TRANSACTION_LENGTH = 65

/** Most bytes of a scriptSig that the mempool takes: a 15-of-15 P2SH multisig with compressed keys. */
export const MAX_STANDARD_SCRIPT_SIG_LENGTH = 1_650

/** Most signature operation cost of a transaction that the mempool takes: a fifth of a block's. */
export const MAX_STANDARD_SIGOPS_COST = MAX_BLOCK_SIGOPS_COST / 5

/** Most legacy signature operations that a transaction runs, for the mempool (BIP 54, Core 30). */
export const MAX_STANDARD_LEGACY_SIGOPS = 2_500

/** Most signature operations in a P2SH redeem script that the mempool takes. */
export const MAX_STANDARD_P2SH_SIGOPS = 15

/** Most bytes of all data-carrying outputs' scripts of a transaction (`MAX_OP_RETURN_RELAY`, Core 30). */
export const MAX_STANDARD_DATA_CARRIER_LENGTH = 100_000

/** Most items, and most bytes of one, in a P2WSH witness without its script; most bytes of that script (policy). */
export const MAX_STANDARD_P2WSH_ITEMS = 100
export const MAX_STANDARD_P2WSH_ITEM_LENGTH = 80
export const MAX_STANDARD_P2WSH_SCRIPT_LENGTH = 3_600

/** Most bytes of an item in a tapscript's witness, without script and control block (policy). */
export const MAX_STANDARD_TAPSCRIPT_ITEM_LENGTH = 80

/** Virtual bytes charged for a signature operation where that is more than the transaction's own size. */
export const BYTES_PER_SIGOP = 20

/** Fee rate below which the mempool takes nothing, in satoshis per 1,000 virtual bytes (Core 30). */
export const MIN_RELAY_FEE_RATE = 100n

/** What the mempool's fee floor rises by when it evicts, in satoshis per 1,000 virtual bytes (Core 30). */
export const INCREMENTAL_RELAY_FEE_RATE = 100n

/** Fee rate at which an output that costs more to spend than it holds is dust, satoshis per 1,000 virtual bytes. */
export const DUST_RELAY_FEE_RATE = 3_000n

/** Most virtual bytes of a version 3 transaction; of one with an unconfirmed parent (BIP 431). */
export const MAX_TRUC_VIRTUAL_SIZE = 10_000
export const MAX_TRUC_CHILD_VIRTUAL_SIZE = 1_000

/** Most outputs that are looked up to tell a confirmed transaction from one with missing inputs. */
export const MAX_KNOWN_OUTPUT_PROBES = 16

/** Most unconfirmed ancestors or descendants of a transaction in the mempool, itself included. */
export const MAX_MEMPOOL_CHAIN_TRANSACTIONS = 25

/** Most virtual bytes of a transaction with its unconfirmed ancestors, or with its descendants. */
export const MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE = 101_000

/** Memory that the mempool's transactions may take, in bytes. */
export const MAX_MEMPOOL_BYTES = 300_000_000

/**
 * Memory of a mempool entry beyond its serialised bytes (objects, map entries): of the transaction, of each input with
 * a witness, of each output; in bytes, as V8's heap was measured to grow.
 */
export const MEMPOOL_ENTRY_OVERHEAD_BYTES = 1_700
export const MEMPOOL_INPUT_OVERHEAD_BYTES = 800
export const MEMPOOL_OUTPUT_OVERHEAD_BYTES = 200

/** How long a transaction waits for a block before it is forgotten, in seconds (`DEFAULT_MEMPOOL_EXPIRY_HOURS`). */
export const MEMPOOL_EXPIRY_SECONDS = 336 * 60 * 60

/** Most transactions that go for one that replaces them (`MAX_REPLACEMENT_CANDIDATES`). */
export const MAX_REPLACEMENTS = 100

/** Most transactions that are handed in together, and their weight units (`MAX_PACKAGE_COUNT`, `MAX_PACKAGE_WEIGHT`). */
export const MAX_PACKAGE_TRANSACTIONS = 25
export const MAX_PACKAGE_WEIGHT = 404_000

/**
 * What all peers' orphans may cost to go through: one for each announcement, and one for each
 * {@link ORPHAN_INPUTS_PER_SCORE} inputs (`DEFAULT_MAX_ORPHANAGE_LATENCY_SCORE`).
 */
export const MAX_ORPHANAGE_LATENCY_SCORE = 3_000
export const ORPHAN_INPUTS_PER_SCORE = 10

/** Weight units of orphans that each peer may have here whatever others have (`DEFAULT_RESERVED_ORPHAN_WEIGHT_PER_PEER`). */
export const RESERVED_ORPHAN_WEIGHT_PER_PEER = 404_000

/** How long an orphan waits for its parents, in seconds (`ORPHAN_TX_EXPIRE_TIME`). */
export const ORPHAN_EXPIRY_SECONDS = 20 * 60

/** Refused transactions that are remembered until the tip changes, at about 150 bytes each (Core's filter has as many). */
export const MAX_RECENT_REJECTIONS = 120_000

/** Virtual bytes of the one transaction that may spend from a parent at its descendant limit (`EXTRA_DESCENDANT_TX_SIZE_LIMIT`). */
export const CARVE_OUT_VIRTUAL_SIZE = 10_000

/** In how many seconds the fee floor that eviction raised falls to half. */
export const FEE_FLOOR_HALF_LIFE_SECONDS = 12 * 60 * 60

/** Seconds before the fee floor is worked out again. */
export const FEE_FLOOR_UPDATE_SECONDS = 10

/** Dust outputs of a transaction that pays nothing, for a child that spends them with it (`MAX_DUST_OUTPUTS_PER_TX`). */
export const MAX_STANDARD_DUST_OUTPUTS = 1

/** Weight kept free in a template for the header, the transaction count and the coinbase. */
export const TEMPLATE_RESERVED_WEIGHT = 8_000

/** Signature operation cost kept free in a template for the coinbase's outputs. */
export const TEMPLATE_RESERVED_SIGOPS_COST = 400

/** Fee rate below which nothing is mined, in satoshis per 1,000 virtual bytes (Core 30's `-blockmintxfee`). */
export const BLOCK_MIN_FEE_RATE = 1n

/**
 * So many packages in a row that do not fit into a template with less than so much weight to spare end the search
 * (`MAX_CONSECUTIVE_FAILURES`, `BLOCK_FULL_ENOUGH_WEIGHT_DELTA`).
 */
export const MAX_TEMPLATE_FAILURES = 1_000
export const TEMPLATE_FULL_WEIGHT_MARGIN = 4_000

/**
 * Most bytes of a block filter. A block has fewer than {@link MAX_BLOCK_WEIGHT} / 36 outputs and inputs, an output having 9 bytes
 * at least, and an element takes less than three bytes: 20 bits, and all quotients together 1.5 for each.
 */
export const MAX_BLOCK_FILTER_LENGTH = 500_000

/** Most transactions of a block, by the 60 bytes of the shortest one: Bitcoin Core's bound for merkle proofs. */
export const MAX_BLOCK_TRANSACTIONS = Math.floor(MAX_BLOCK_WEIGHT / (WITNESS_SCALE_FACTOR * 60))

/** Bytes of a transaction's short id in a compact block (BIP 152). */
export const SHORT_ID_LENGTH = 6

/** Most transactions of a compact block: an index has 16 bits (BIP 152). */
export const MAX_COMPACT_BLOCK_TRANSACTIONS = 0xffff

/** Bytes that are hashed for a node of a merkle tree: two hashes. */
export const MERKLE_NODE_LENGTH = 64

/**
 * Headers of which one bit is remembered while a chain is looked at for the first time, and headers that wait the second
 * time until bits after them agreed: to smuggle in one header that costs nothing, a peer would have to guess some 23 bits
 * (Core's `HEADER_COMMITMENT_PERIOD` and `REDOWNLOAD_BUFFER_SIZE`).
 */
export const HEADER_COMMITMENT_PERIOD = 641
export const REDOWNLOAD_BUFFER_HEADERS = 15_218

/** No valid chain has more blocks for the seconds since it began: the median of eleven times rises with every sixth. */
export const MAX_BLOCKS_PER_SECOND = 6
