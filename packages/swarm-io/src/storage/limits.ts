/** Threads that hash and write. Two hash 3 GB/s where the processor knows SHA-1, and no disk here takes more. */
export const PIECE_THREADS = 2

/**
 * Memory of a thread's own objects, in MiB: they are short-lived, and a young generation as large as usual costs 17 MB. The
 * old one is for the longest list that a job may have, a piece of `MAX_FILES` files.
 */
export const THREAD_MEMORY = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 } as const

/** Threads without work end after so long, and their 16 MB each are free. */
export const PIECE_THREADS_IDLE_MS = 10_000

/** Bytes hashed in one job of a thread: a piece that arrives waits for no more than two of them. */
export const HASH_JOB_BYTES = 8 * 1024 * 1024

/** Jobs of one verification that wait at the threads, so that none is idle. */
export const HASH_JOBS_AT_ONCE = 4

/** Stretches of files in one job: a piece of tiny files has many thousands. */
export const MAX_SLICES_IN_A_JOB = 32

/** Files of all torrents open at once. */
export const MAX_OPEN_FILES = 128

/** System calls on the files of one torrent under way at once, where it has many. */
export const FILES_AT_ONCE = 16

/** Bytes written at a time where room is taken on the disk beforehand. */
export const PREALLOCATE_BYTES = 1024 * 1024

/** Bytes copied at a time to another disk. */
export const COPY_BYTES = 1024 * 1024

/** Bytes of a part file's name before its infohash: file systems take 255 in all. */
export const MAX_PART_STEM_BYTES = 200

/** Pieces in one message to a thread, at most: they wait for each other, and their buffers with them. */
export const STORES_AT_ONCE = 8

/** A piece that has arrived waits so long for others to go to the thread with it: nobody notices, and it halves the messages. */
export const STORE_GATHER_MS = 5
