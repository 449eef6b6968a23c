/** Announce interval of a tracker that names none, in seconds (BEP 3's usual half an hour). */
export const DEFAULT_ANNOUNCE_SECONDS = 1800

/** Shortest interval that a tracker can have us keep, in seconds: one that says 0 is not flooded. */
export const MIN_ANNOUNCE_SECONDS = 10

/** Longest interval that we keep, in seconds: one that says a year is asked once a day. */
export const MAX_ANNOUNCE_SECONDS = 86_400

/** Seconds before which a lonely torrent does not ask again, where the tracker does not say. */
export const LONELY_ANNOUNCE_SECONDS = 60

/** Peers asked for when more are wanted. */
export const PEERS_WANTED = 80

/** Peers taken from one answer: what a UDP packet of 1500 bytes could carry, in full, is 246. */
export const MAX_PEERS_PER_ANSWER = 250

/** Pause after all trackers of a tier have failed; doubles with every round. */
export const FIRST_RETRY_MS = 15_000

/** Longest pause after failures. */
export const MAX_RETRY_MS = 30 * 60_000

/** Trackers of one torrent; magnet links with hundreds exist. */
export const MAX_TRACKERS = 64

/** Characters of a tracker's URL. */
export const MAX_TRACKER_URL_CHARACTERS = 2048

/** Characters of what a tracker wants people to know. */
export const MAX_TRACKER_MESSAGE_CHARACTERS = 300

/** Bytes of the `tracker id` that we send back. */
export const MAX_TRACKER_ID_BYTES = 256

/** Bytes of an HTTP tracker's answer, unpacked: dictionaries of thousands of peers have some 100 KiB. */
export const MAX_HTTP_ANSWER_BYTES = 1024 * 1024

/** Time for the first answer over UDP; doubles with every further sending (BEP 15). */
export const UDP_TIMEOUT_MS = 15_000

/** How often one packet is sent before the tracker counts as failing: 15 s and 30 s (BEP 15 goes up to eight more). */
export const UDP_SENDINGS = 2

/** How long we use a connection id (BEP 15: one minute). */
export const UDP_CONNECTION_MS = 60_000

/** How long a tracker takes a connection id that it gave: two to four minutes (BEP 15: two at least). */
export const UDP_CONNECTION_PERIOD_MS = 120_000

/** Infohashes of one scrape: what a UDP packet carries (BEP 15). */
export const MAX_SCRAPED = 74

/** Torrents that a tracker keeps: some 300 bytes each, without their peers. */
export const MAX_TRACKED_TORRENTS = 100_000

/** Peers of all torrents that a tracker keeps: some 300 bytes each. */
export const MAX_TRACKED_PEERS = 500_000

/** Peers of one torrent that a tracker keeps. */
export const MAX_TRACKED_PEERS_PER_TORRENT = 20_000

/** Entries of one host that a tracker keeps: one host must not take all there are. */
export const MAX_TRACKED_PEERS_PER_HOST = 5000

/** Announces of one host: on average per second. */
export const ANNOUNCES_PER_SECOND = 20

/** Announces of one host at once: a client with many torrents that has just begun. */
export const ANNOUNCE_BURST = 1000

/** Hosts whose announces are counted; those seen longest ago are forgotten. */
export const MAX_COUNTED_HOSTS = 20_000

/** Announces in all that a tracker aims at, per second: with more peers its interval grows. */
export const TARGET_ANNOUNCES_PER_SECOND = 100

/** Interval that a tracker with few peers gives, in seconds: small swarms find each other soon. */
export const SMALL_TRACKER_INTERVAL_SECONDS = 60

/** A tracker forgets a peer after so many of its intervals: two announces that were missed, and a bit of patience. */
export const INTERVALS_UNTIL_FORGOTTEN = 2.25

/** A tracker's interval has so many of its minimum: who has no peers may ask sooner, every 10 s of a small one. */
export const MIN_INTERVAL_PARTS = 6

/** Peers that a tracker answers with, where the client does not say. */
export const DEFAULT_PEERS_GIVEN = 50

/** Peers that a tracker answers with, at most: they fit into a UDP packet that is not cut up. */
export const MAX_PEERS_GIVEN = 200

/** How often we tell the local network of one torrent (BEP 14). */
export const LOCAL_ANNOUNCE_INTERVAL_MS = 5 * 60_000

/** Time between two messages to the local network (BEP 14: no more than one a minute). */
export const LOCAL_MESSAGE_INTERVAL_MS = 60_000

/** The same while some torrent has not been told of yet: whoever begins a fetch is found within seconds. */
export const LOCAL_NEWS_INTERVAL_MS = 6000

/** Infohashes of one message to the local network: they fit into 1400 bytes (BEP 14). */
export const MAX_LOCAL_INFOHASHES = 20

/** Torrents that are told to the local network. */
export const MAX_LOCAL_TORRENTS = 1000

/** Messages from the local network that are looked at, per second on average. */
export const LOCAL_MESSAGES_PER_SECOND = 20

/** Messages from the local network that are looked at in one burst. */
export const LOCAL_MESSAGE_BURST = 200
