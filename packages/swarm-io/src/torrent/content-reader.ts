import { type ContentFile, pieceLengthAt, type ReadAhead, type TorrentMachine } from '@onehop/swarm'
import { MAX_CONTENT_READERS, READER_AHEAD_BYTES, READER_CHUNK_BYTES } from '../limits.ts'
import type { ByteRange } from '../session-types.ts'
import { SwarmError } from '../swarm-error.ts'
import type { TorrentContent } from './torrent-content.ts'

/** What readers need of a torrent. */
export interface ReadableTorrent {
  readonly machine: TorrentMachine
  readonly content: TorrentContent | undefined
  readonly shownName: string
  /** Whether what is missing is being fetched. */
  readonly isOpen: boolean
  /** Why it is not. */
  readonly problem: string | undefined
  readonly reason: string | undefined
}

/** Those who read a torrent's content while it comes: the pieces that they need next are fetched first. */
export class ContentReaders {
  private readonly torrent: ReadableTorrent
  private readonly ahead = new Map<symbol, ReadAhead>()
  private waiting: (() => void)[] = []

  constructor(torrent: ReadableTorrent) {
    this.torrent = torrent
  }

  /** Something has changed: a piece is here, or nothing will come any more. */
  wake(): void {
    for (const resume of this.waiting.splice(0)) resume()
  }

  /** A machine that is new to the readers. */
  tell(): void {
    this.torrent.machine.setReadAhead([...this.ahead.values()])
  }

  /**
   * Bytes of a file, or of a range of it, in order, as they arrive.
   * @throws {SwarmError} when they are missing and are not being fetched, or the signal is aborted.
   */
  async *read(index: number, range: ByteRange | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = this.torrent.machine.info?.files[index]
    if (file === undefined || file.isPadding) {
      throw new SwarmError('not-found', `${this.torrent.shownName} has no file ${index}.`)
    }
    const end = Math.min(range?.end ?? file.lengthBytes, file.lengthBytes)
    if (this.ahead.size >= MAX_CONTENT_READERS) {
      throw new SwarmError('in-use', `${this.torrent.shownName} has too many readers already.`)
    }
    const reader = Symbol('reader')
    const onAbort = () => this.wake()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for (let position = range?.start ?? 0; position < end; ) {
        const bytes = await this.next(reader, file, { start: position, end }, signal)
        yield bytes
        position += bytes.length
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      if (this.ahead.delete(reader)) this.tell()
    }
  }

  private async next(
    reader: symbol,
    file: ContentFile,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { torrent } = this
    const { info } = torrent.machine
    if (!info) throw new SwarmError('not-found', `What is in ${torrent.shownName} is not known yet.`)
    const position = file.offsetBytes + range.start
    const piece = Math.floor(position / info.pieceLengthBytes)
    const begin = position - piece * info.pieceLengthBytes
    this.lookAhead(reader, piece, file, info.pieceLengthBytes)
    await this.arrival(piece, signal)
    const untilPieceEnds = pieceLengthAt(info, piece) - begin
    const length = Math.min(READER_CHUNK_BYTES, untilPieceEnds, range.end - range.start)
    // Whoever reads takes his time; what uploads read into is used again.
    return (await torrent.content!.readBlock({ piece, begin, length })).slice()
  }

  private lookAhead(reader: symbol, piece: number, file: ContentFile, pieceLengthBytes: number): void {
    if (this.ahead.get(reader)?.piece === piece) return
    const last = Math.floor((file.offsetBytes + file.lengthBytes - 1) / pieceLengthBytes)
    const most = Math.max(2, Math.ceil(READER_AHEAD_BYTES / pieceLengthBytes))
    this.ahead.set(reader, { piece, count: Math.min(most, last - piece + 1) })
    this.tell()
  }

  private async arrival(piece: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (signal.aborted) throw new SwarmError('aborted', 'Reading was stopped.')
      const { torrent } = this
      if (torrent.content && torrent.machine.have?.has(piece)) return
      if (!torrent.isOpen) {
        const why = torrent.problem ?? torrent.reason ?? 'It is paused.'
        throw new SwarmError('not-found', `A part of ${torrent.shownName} is not here yet: ${why}`)
      }
      await new Promise<void>(resolve => this.waiting.push(resolve))
    }
  }
}
