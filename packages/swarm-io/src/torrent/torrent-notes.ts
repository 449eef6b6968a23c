import { equalBytes } from '@onehop/primitives'
import { CHECKPOINT_INTERVAL_MS } from '../limits.ts'
import { encodeRecord } from '../resume/encode-record.ts'
import type { ContentRecord, ResumeRecord } from '../resume/resume-record.ts'
import type { Placement } from '../storage/file-places.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentHost } from './torrent-host.ts'

/** What a torrent writes into its resume file, and when. */
export class TorrentNotes {
  /** Whether pieces were stored since the last note. */
  isDirty = false
  private readonly torrent: Torrent
  private readonly host: TorrentHost
  private notedMs = 0
  private saving: Promise<void> = Promise.resolve()

  constructor(torrent: Torrent, host: TorrentHost) {
    this.torrent = torrent
    this.host = host
  }

  /** Notes new pieces now and then. */
  tick(onFailed: (error: unknown) => void): void {
    if (!this.isDirty || this.host.nowMs() - this.notedMs < CHECKPOINT_INTERVAL_MS) return
    this.save().catch(onFailed)
  }

  /**
   * Syncs what was stored, then notes it. One at a time; who asked for it hears of a failure, the next one does not.
   * @param placement where the content is about to be, when that changes; `former`: where it still may be then.
   */
  save(placement?: Placement, former?: Placement): Promise<void> {
    this.saving = this.saving.catch(() => {}).then(() => this.saveNow(placement, former))
    return this.saving
  }

  private async saveNow(placement?: Placement, former?: Placement): Promise<void> {
    const { torrent } = this
    if (!torrent.isWorthNoting) return
    const wasDirty = this.isDirty
    this.isDirty = false
    this.notedMs = this.host.nowMs()
    try {
      const record = await this.recordNow(placement, former)
      // What was read after a restart is mostly as it was: to write and sync it again would be most of the work.
      const isNew = wasDirty || torrent.record === undefined || !isSame(torrent.record, record)
      if (isNew) await this.host.resumeStore.save(record)
      torrent.record = record
    } catch (error) {
      this.isDirty = true
      throw error
    }
  }

  private async recordNow(placement?: Placement, former?: Placement): Promise<ResumeRecord> {
    const { infohash, infohashV2, info, machine, settings, counters, reason } = this.torrent
    const { pieceLayers } = machine
    const content = await this.contentNow(placement, former)
    return {
      infohash,
      ...(infohashV2 ? { infohashV2 } : {}),
      ...(info ? { info } : {}),
      ...(pieceLayers ? { layers: pieceLayers } : {}),
      settings: { ...settings },
      counters: { ...counters },
      ...(reason === undefined ? {} : { reason }),
      ...(content ? { content } : {}),
    }
  }

  private async contentNow(placement?: Placement, former?: Placement): Promise<ContentRecord | undefined> {
    const { content, record } = this.torrent
    if (!content) return record?.content
    const now = await content.record()
    return { ...now, ...(placement ? { placement } : {}), ...(former ? { former } : {}) }
  }
}

function isSame(one: ResumeRecord, other: ResumeRecord): boolean {
  return equalBytes(encodeRecord(one), encodeRecord(other))
}
