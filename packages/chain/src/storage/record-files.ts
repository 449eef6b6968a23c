import { assert, ByteReader, ByteWriter, equalBytes } from '@onehop/primitives'
import { StoreCorruptError } from '../errors.ts'
import { MAX_RECORD_BYTES, MAX_RECORD_FILE_BYTES } from '../limits.ts'
import type { AppendFile, Storage } from './port.ts'

/** Where a record's payload is. */
export interface RecordLocation {
  /** Number in the file's name. */
  readonly file: number
  /** Bytes before the payload, the record's own header among them. */
  readonly offset: number
  readonly lengthBytes: number
}

/** The end of what counts: bytes after it were never acknowledged. */
export interface RecordEnd {
  readonly file: number
  readonly lengthBytes: number
}

/** How one kind of record files is named, marked, cut and filled. */
export interface RecordFilesOptions {
  /** Names begin with this: `blk` or `rev`. */
  readonly prefix: string
  /** The network's four bytes, before each record. */
  readonly magic: Uint8Array
  /** The acknowledged end. What comes after it is cut off: a process was killed while it wrote that. */
  readonly end: RecordEnd
  /** Bytes; a longer file is not begun. @default MAX_RECORD_FILE_BYTES */
  readonly maxFileBytes?: number
}

/** Bytes before a record's payload: magic and length. */
export const RECORD_HEADER_BYTES = 8
const NO_BYTES = new Uint8Array(0)

/**
 * Records in numbered files that only grow: magic, length (4 bytes), payload, as Bitcoin Core's blk?????.dat.
 * Appends are acknowledged by whoever stores {@link end} after {@link sync}.
 */
export class RecordFiles {
  private readonly storage: Storage
  private readonly prefix: string
  private readonly magic: Uint8Array
  private readonly maxFileBytes: number
  private number: number
  private current: AppendFile

  private constructor(storage: Storage, options: RecordFilesOptions, current: AppendFile) {
    this.storage = storage
    this.prefix = options.prefix
    this.magic = options.magic
    this.maxFileBytes = options.maxFileBytes ?? MAX_RECORD_FILE_BYTES
    this.number = options.end.file
    this.current = current
  }

  /** @throws {StoreCorruptError} when acknowledged bytes are missing. */
  static async open(storage: Storage, options: RecordFilesOptions): Promise<RecordFiles> {
    const name = recordFileName(options.prefix, options.end.file)
    const current = await storage.openFile(name)
    const { lengthBytes } = options.end
    if (current.lengthBytes < lengthBytes) {
      await current.close()
      throw new StoreCorruptError(
        `${name} in ${storage.description} has ${current.lengthBytes} bytes, but ${lengthBytes} were acknowledged.`,
      )
    }
    if (current.lengthBytes > lengthBytes) await current.truncate(lengthBytes)
    return new RecordFiles(storage, options, current)
  }

  get end(): RecordEnd {
    return { file: this.number, lengthBytes: this.current.lengthBytes }
  }

  /** Appends payload and trailer; the record's length field counts the payload only, the location both. */
  async append(payload: Uint8Array, trailer: Uint8Array = NO_BYTES): Promise<RecordLocation> {
    const lengthBytes = payload.length + trailer.length
    if (
      this.current.lengthBytes > 0 &&
      this.current.lengthBytes + RECORD_HEADER_BYTES + lengthBytes > this.maxFileBytes
    )
      await this.beginNextFile()
    const offset = this.current.lengthBytes + RECORD_HEADER_BYTES
    const record = new ByteWriter(RECORD_HEADER_BYTES + lengthBytes)
    record.writeBytes(this.magic).writeUint32(payload.length).writeBytes(payload).writeBytes(trailer)
    await this.current.append(record.toBytes())
    return { file: this.number, offset, lengthBytes }
  }

  /** Returns when all records appended so far would survive a loss of power. */
  async sync(): Promise<void> {
    await this.current.sync()
  }

  /** Payload and trailer. @throws {StoreCorruptError} when there is no such record there. */
  async read({ file, offset, lengthBytes }: RecordLocation): Promise<Uint8Array> {
    if (lengthBytes > MAX_RECORD_BYTES) throw new StoreCorruptError('A record is longer than records can be.')
    const bytes = await this.readRaw(file, offset - RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + lengthBytes)
    const complete = bytes.length === RECORD_HEADER_BYTES + lengthBytes
    if (!complete || !equalBytes(bytes.subarray(0, this.magic.length), this.magic)) {
      throw new StoreCorruptError(
        `${recordFileName(this.prefix, file)} in ${this.storage.description} has no record at byte ${offset}.`,
      )
    }
    return bytes.subarray(RECORD_HEADER_BYTES)
  }

  /** Deletes a finished file. */
  async remove(number: number): Promise<void> {
    assert(number < this.number, 'the file that grows is not deleted')
    await this.storage.removeFile(recordFileName(this.prefix, number))
  }

  async close(): Promise<void> {
    await this.current.close()
  }

  private async readRaw(number: number, offset: number, lengthBytes: number): Promise<Uint8Array> {
    if (number === this.number) return this.current.read(offset, lengthBytes)
    const older = await this.storage.openFile(recordFileName(this.prefix, number))
    try {
      return await older.read(offset, lengthBytes)
    } finally {
      await older.close()
    }
  }

  /** The finished file is synced before it is left, for {@link sync} knows the current file only. */
  private async beginNextFile(): Promise<void> {
    const finished = this.current
    await finished.sync()
    const next = await this.storage.openFile(recordFileName(this.prefix, this.number + 1))
    if (next.lengthBytes > 0) await next.truncate(0)
    this.current = next
    this.number += 1
    await finished.close()
  }
}

/** `blk00000.dat` and so on. */
export function recordFileName(prefix: string, number: number): string {
  return `${prefix}${String(number).padStart(5, '0')}.dat`
}

/** 12 bytes: file, offset, length, each little endian. */
export function writeRecordLocation(writer: ByteWriter, location: RecordLocation): void {
  writer.writeUint32(location.file).writeUint32(location.offset).writeUint32(location.lengthBytes)
}

/** @throws {DecodeError} when fewer than 12 bytes are left. */
export function readRecordLocation(reader: ByteReader): RecordLocation {
  return { file: reader.readUint32(), offset: reader.readUint32(), lengthBytes: reader.readUint32() }
}

/** 8 bytes: file and length, each little endian. */
export function serializeRecordEnd({ file, lengthBytes }: RecordEnd): Uint8Array {
  return new ByteWriter(8).writeUint32(file).writeUint32(lengthBytes).toBytes()
}

/** @throws {DecodeError} when there are fewer than 8 bytes. */
export function parseRecordEnd(bytes: Uint8Array): RecordEnd {
  const reader = new ByteReader(bytes)
  return { file: reader.readUint32(), lengthBytes: reader.readUint32() }
}
