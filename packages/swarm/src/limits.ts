/** Bytes of one request on the wire: what every client asks for at a time (BEP 3). */
export const BLOCK_BYTES = 16 * 1024

/** Piece length of what is published here unless told otherwise; it decides the infohash, so it never changes. */
export const DEFAULT_PIECE_LENGTH_BYTES = 256 * 1024

/** Shortest piece length accepted: below it the hashes outweigh the gain. */
export const MIN_PIECE_LENGTH_BYTES = 1024

/** Longest piece length accepted: a piece is assembled in memory before it is verified. */
export const MAX_PIECE_LENGTH_BYTES = 64 * 1024 * 1024

/** Pieces of one torrent: 64 GiB at the default piece length; its bitfield takes 32 KiB. */
export const MAX_PIECES = 256 * 1024

/** Length of the content: what the two bounds above allow, and an exact integer in a double. */
export const MAX_CONTENT_BYTES = MAX_PIECES * MAX_PIECE_LENGTH_BYTES

/** Bytes of an info dictionary: 20 a piece for MAX_PIECES, and room for the rest. */
export const MAX_METADATA_BYTES = 6 * 1024 * 1024

/** Bytes of a file name (UTF-8): what file systems take. */
export const MAX_NAME_BYTES = 255

/** Characters of a magnet link: far above any real one with a dozen trackers. */
export const MAX_MAGNET_CHARACTERS = 16 * 1024

/** Nesting of a bencoded value from outside: a path of MAX_PATH_DEPTH names in a file tree (BEP 52), and the rest. */
export const MAX_BENCODE_DEPTH = 40

/** Bytes after the length prefix of a message: the largest real one is a bitfield of MAX_PIECES (32 KiB). */
export const MAX_MESSAGE_BYTES = 128 * 1024

/** Bytes that a peer may ask for in one request: clients of old asked for up to 128 KiB. */
export const MAX_REQUEST_BYTES = 128 * 1024

/** Requests of one peer waiting to be answered; told to it as `reqq` (BEP 10). 17 bytes each on the wire. */
export const MAX_QUEUED_REQUESTS = 2048

/**
 * Messages that a peer may send within {@link MESSAGES_SPAN_MS}, blocks not counted: some ten times what the fastest do, and
 * a `have` for every piece of a large torrent. Tiny ones cost more to read than to send.
 */
export const MAX_MESSAGES = 1_000_000

/** Time in which messages are counted. */
export const MESSAGES_SPAN_MS = 10_000

/** What a peer takes that does not say `reqq` (libtorrent's default). */
export const DEFAULT_PEER_QUEUE = 250

/** Requests outstanding at one peer, at least, unless it is slow. */
export const MIN_PIPELINE_DEPTH = 16

/** Requests outstanding at first: few, as a slow peer would need long for more; each round trip doubles them. */
export const SLOW_START_DEPTH = 4

/** Requests outstanding at one peer, at most: 8 MiB on the way, 80 MB/s at a latency of 100 ms. */
export const MAX_PIPELINE_DEPTH = 512

/** Requests cover the peer's latency and this much of its rate: for its disk, and for queues in the network. */
export const PIPELINE_HORIZON_MS = 1000

/** A peer with requests outstanding that sends nothing for so long is snubbing us: others get its blocks. */
export const SNUB_TIMEOUT_MS = 10_000

/** A request unanswered for so long counts as snubbed too, though bytes trickle in. */
export const REQUEST_TIMEOUT_MS = 60_000

/** Requests outstanding at a peer that snubs us: one, to see when it comes back. */
export const SNUBBED_PIPELINE_DEPTH = 1

/** As long as requests are new, each block that comes makes room for one more: until the rate is known. */
export const SLOW_START_MS = 5000

/** Requests outstanding at a slow peer cover no more than this of its rate, so that it holds up few blocks. */
export const SLOW_PEER_HORIZON_MS = 3000

/** Requests that a peer is answering already: these are not taken back when a reader jumps. */
export const REQUESTS_UNDER_WAY = 2

/** A peer that there was nothing to ask for is not looked at again before. */
export const IDLE_LOOK_MS = 200

/** A block not sent for so long is asked of a second peer that has nothing else to do. */
export const LATE_BLOCK_MS = 5000

/** The same for a block that a reader waits for: the fastest peer is asked then, whatever else it does. */
export const URGENT_LATE_BLOCK_MS = 1000

/** The next pieces of readers that are looked after so. */
export const MAX_HASTENED_PIECES = 4

/** Blocks asked for twice so, per tick. */
export const MAX_HASTENED_BLOCKS = 32

/** Pieces that all readers together may have fetched ahead of all else. */
export const MAX_READ_AHEAD_PIECES = 256

/** Pieces begun for readers although {@link MAX_BUFFERED_BYTES} are in use. */
export const EXTRA_URGENT_PIECES = 2

/** Pieces that a peer may refuse before it is asked for nothing, until it has choked and unchoked us or REFUSAL_MS are over. */
export const MAX_REFUSED_PIECES = 64

/** How long a peer is not asked again for a piece that it refused to send, unless it chokes and unchokes us. */
export const REFUSAL_MS = 60_000

/** The same if it does. */
export const MIN_REFUSAL_MS = 5000

/** Peers asked for the same block in the end game, at first. */
export const MAX_END_GAME_COPIES = 3

/** One more is asked each time so long has passed, so that a few slow ones cannot keep a block from a fast one. */
export const END_GAME_PATIENCE_MS = 2000

/** Requests outstanding at one peer in the end game; more would only be cancelled. */
export const END_GAME_PIPELINE_DEPTH = 16

/** Bytes of pieces being assembled or stored; two pieces are always allowed. */
export const MAX_BUFFERED_BYTES = 16 * 1024 * 1024

/** Complete pieces chosen at random before rarest first begins, so that a newcomer soon has something to give. */
export const RANDOM_FIRST_PIECES = 4

/** Corrupt pieces remembered block by block until a good copy shows who lied. 20 bytes a block. */
export const MAX_SUSPICIONS = 256

/** Who sent how much is kept of so many peers of a torrent; the oldest are forgotten. */
export const MAX_CONTRIBUTORS = 4096

/** Peers banned from one torrent; the oldest are forgotten. */
export const MAX_BANNED_PEERS = 4096

/** Peers asked for the info dictionary at the same time. */
export const MAX_METADATA_SOURCES = 3

/** Pieces of the info dictionary (16 KiB each) requested from one peer at a time. */
export const METADATA_PIPELINE_DEPTH = 16

/** A peer that does not send the next piece of the info dictionary for so long is passed over. */
export const METADATA_TIMEOUT_MS = 10_000

/** An attempt that has taken so long does not keep others from being asked as well. */
export const METADATA_SLOW_MS = 15_000

/** Copies of the info dictionary on their way, at most: 48 MiB if all are of the longest kind. */
export const MAX_METADATA_ATTEMPTS = 8

/** A peer that was passed over is asked again after so long, though others are being asked. */
export const METADATA_RETRY_MS = 60_000

/** How often one peer may fetch the whole info dictionary from us. */
export const METADATA_SERVINGS_PER_PEER = 4

/** Bytes of an extension handshake or of the dictionary before metadata (BEP 10): real ones have a few hundred. */
export const MAX_EXTENSION_DICTIONARY_BYTES = 16 * 1024

/** Characters of another client's name that are kept, for people. */
export const MAX_CLIENT_NAME_CHARACTERS = 64

/** Peers that one message of ut_pex tells to have come, and to have gone, at most (BEP 11). */
export const MAX_PEX_PEERS = 50

/** Peers taken from one message: 50 of each family (BEP 11). */
export const MAX_PEX_PEERS_TAKEN = 100

/** Each peer is told about others once a minute at most (BEP 11). */
export const PEX_INTERVAL_MS = 60_000

/** How soon a peer that there was nothing to tell is looked after again. */
export const PEX_LOOK_MS = 5000

/** Messages of ut_pex that follow each other faster are not read: half of what BEP 11 asks for, as clocks differ. */
export const PEX_MIN_INTERVAL_MS = 30_000

/** Bitfields taken from a peer within {@link BITFIELD_SPAN_MS}: aria2 sends them again in place of many `have`s. */
export const MAX_BITFIELDS = 120

/** See {@link MAX_BITFIELDS}. */
export const BITFIELD_SPAN_MS = 60_000

/** Pieces of a peer's allowed fast set that are kept; BEP 6 has ten. */
export const MAX_ALLOWED_FAST_TAKEN = 64

/** Pieces that a newcomer may fetch from us while we choke it (BEP 6). */
export const ALLOWED_FAST_PIECES = 10

/** Bytes of those pieces, all together: with long pieces there are fewer. */
export const MAX_ALLOWED_FAST_BYTES = 4 * 1024 * 1024

/** `have` messages kept from a peer before the number of pieces is known. */
export const MAX_EARLY_HAVES = 8192

/** Regular slots of the choker until our upload capacity is known (Cohen 2003: four). */
export const DEFAULT_REGULAR_SLOTS = 4

/** Regular slots, at most: what a fast seed serves at once; others wait for their turn. */
export const MAX_REGULAR_SLOTS = 32

/** Time between two rounds of the choker (Cohen 2003, BEP 3). */
export const CHOKE_INTERVAL_MS = 10_000

/** How long an optimistic slot is kept: three rounds (BEP 3). */
export const OPTIMISTIC_INTERVAL_MS = 30_000

/** A newcomer is so many times as likely to be put at the front of the row of optimistic turns as elsewhere (BEP 3). */
export const NEWCOMER_CHANCES = 3

/** Peers whose place in that row is kept, gone ones included; beyond it, those that are gone are forgotten. */
export const MAX_REMEMBERED_TURNS = 1024

/** Part of a seed's slots that everybody gets in turn, at least one; the rest are for those that take fastest. */
export const SEEDING_TURN_PART = 0.4

/** Part of our upload that the proportional choker gives optimistically: as one slot of five in the classic one. */
export const OPTIMISTIC_SHARE = 0.2

/** The span that the choker averages rates over (Cohen 2003: a rolling 20 seconds). */
export const CHOKER_RATE_WINDOW_MS = 20_000

/** A peer that has what we want and sends nothing for so long gets optimistic slots only (Cohen 2003: over a minute). */
export const CHOKER_SNUB_MS = 60_000

/** How often the choker is asked besides its occasions, so that free slots are filled between rounds. */
export const CHOKER_LOOK_MS = 1000

/** What a bandwidth limit lets go at once after a rest: short enough that the rate shown is the limit. */
export const LIMIT_BURST_MS = 500

/** Bytes of a bandwidth limit's bucket, at least: one block, so that it goes whole; what is longer goes on credit. */
export const MIN_LIMIT_BURST_BYTES = BLOCK_BYTES

/** Who wanted bytes within this time has a part of a bandwidth limit. */
export const LIMIT_USER_MS = 1000

/** What our upload carries is measured over at least so long. */
export const MIN_UPLOAD_WINDOW_MS = 1000

/** And over at least so many blocks, so that their size does not blur it, */
export const MIN_UPLOAD_WINDOW_BLOCKS = 32

/** but no longer than this. */
export const MAX_UPLOAD_WINDOW_MS = 5000

/** The most that was sent is remembered for so long, and at most twice as long. */
export const UPLOAD_PEAK_MEMORY_MS = 60_000

/** How often who waits for bandwidth is looked after, where a limit or shares hold it back. */
export const BANDWIDTH_INTERVAL_MS = 100

/** How often a keep-alive is sent: BEP 3 has peers close after two minutes of silence. */
export const KEEP_ALIVE_INTERVAL_MS = 90_000

/** A peer that sends nothing at all, not even a keep-alive, for so long is dropped. */
export const IDLE_TIMEOUT_MS = 150_000

/** How often {@link TorrentMachine.tick} wants to be called. */
export const TICK_INTERVAL_MS = 500

/** The span that a rate is averaged over, for people and for pipelines. */
export const RATE_WINDOW_MS = 3000

/** What a rate's average moves by. */
export const RATE_SLOT_MS = 250
