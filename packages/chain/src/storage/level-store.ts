import { assertDefined } from '@onehop/primitives'
import type { AbstractChainedBatchWriteOptions, AbstractLevel } from 'abstract-level'
import type { KeyValueChange, KeyValueStore } from './port.ts'

type Level = AbstractLevel<string | Buffer | Uint8Array, Uint8Array, Uint8Array>

/** A database on a disk. */
interface MeasuringLevel {
  approximateSize(start: Uint8Array, end: Uint8Array): Promise<number>
}

/** Comes after every key that is in use. */
const LAST_KEY = new Uint8Array(64).fill(0xff)

function measures(level: Level): level is Level & MeasuringLevel {
  return 'approximateSize' in level
}

/** The first key after all keys with the prefix; undefined when there is none. */
function endOfPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const end = Uint8Array.from(prefix)
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = assertDefined(end[i], 'index within the array')
    if (byte === 0xff) continue
    end[i] = byte + 1
    return end.subarray(0, i + 1)
  }
  return undefined
}

/** A key-value store over any `abstract-level` database that reads synchronously (classic-level, memory-level). */
export class LevelStore implements KeyValueStore {
  private readonly level: Level
  private readonly copies: boolean

  /**
   * @param level an open database with `keyEncoding` and `valueEncoding` 'view'.
   * @param copies whether it copies keys and values out of a batch itself.
   */
  constructor(level: Level, { copies }: { readonly copies: boolean }) {
    this.level = level
    this.copies = copies
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.level.getSync(key)
  }

  async write(changes: Iterable<KeyValueChange>): Promise<void> {
    // Half the time of an array of operations, whose properties would be looked up one by one from native code. The
    // batch's memory lasts until it is collected: it had better be small.
    const batch = this.level.batch()
    for (const { key, value } of changes) {
      if (value === undefined) batch.del(this.own(key))
      else batch.put(this.own(key), this.own(value))
    }
    // `sync` is LevelDB's option: the log is synced before the batch counts. Databases without it ignore it.
    const options: AbstractChainedBatchWriteOptions & { sync: boolean } = { sync: true }
    await batch.write(options)
  }

  private own(bytes: Uint8Array): Uint8Array {
    return this.copies ? bytes : bytes.slice()
  }

  async *entries(prefix: Uint8Array): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const end = endOfPrefix(prefix)
    yield* this.level.iterator(end === undefined ? { gte: prefix } : { gte: prefix, lt: end })
  }

  async diskBytes(prefix: Uint8Array): Promise<number> {
    const { level } = this
    return measures(level) ? level.approximateSize(prefix, endOfPrefix(prefix) ?? LAST_KEY) : 0
  }

  async close(): Promise<void> {
    await this.level.close()
  }
}
