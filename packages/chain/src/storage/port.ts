/**
 * Port: a file that grows at its end. Calls do not overlap: the caller awaits one before the next.
 */
export interface AppendFile {
  /** Bytes in the file, appended but perhaps not yet synced. */
  readonly lengthBytes: number
  append(bytes: Uint8Array): Promise<void>
  /** The bytes at `offset`; fewer when the file ends before. May overlap with other calls. */
  read(offset: number, lengthBytes: number): Promise<Uint8Array>
  truncate(lengthBytes: number): Promise<void>
  /** Returns when all that was appended would survive a loss of power. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** One change of a batch: without a value, the key is deleted. */
export interface KeyValueChange {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/** Port: an ordered map of bytes to bytes. */
export interface KeyValueStore {
  /** The value; the caller must not change it. The key is the caller's again afterwards. */
  get(key: Uint8Array): Uint8Array | undefined
  /**
   * Applies all changes or none, in their order, also when the process is killed; returns when they would survive a loss
   * of power. The memory of a change may be used again as soon as the next one is asked for.
   */
  write(changes: Iterable<KeyValueChange>): Promise<void>
  /** Entries whose key begins with the prefix, in key order. */
  entries(prefix: Uint8Array): AsyncIterable<readonly [Uint8Array, Uint8Array]>
  /** Bytes that the entries whose key begins with the prefix take on the disk, roughly; 0 where there is none. */
  diskBytes(prefix: Uint8Array): Promise<number>
  close(): Promise<void>
}

/** Port: where a chain lives. On disk or in memory; tests put failing ones here. */
export interface Storage {
  /** Names the place in error messages. */
  readonly description: string
  readonly values: KeyValueStore
  /** Opens the file of this name, made when it is not there. */
  openFile(name: string): Promise<AppendFile>
  /** Deletes the file of this name, if it is there. Who has it open may go on reading it, or fail. */
  removeFile(name: string): Promise<void>
  /** Closes the key-value store; files are closed by who opened them. */
  close(): Promise<void>
}
