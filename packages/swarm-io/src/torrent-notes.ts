import { CHECKPOINT_INTERVAL_MS } from './limits.ts'
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

  /** Syncs what was stored, then notes it. One at a time; who asked for it hears of a failure, the next one does not. */
  save(): Promise<void> {
    this.saving = this.saving.catch(() => {}).then(() => this.saveNow())
    return this.saving
  }

  private async saveNow(): Promise<void> {
    const { torrent } = this
    const { info, content, counters, settings } = torrent
    if (!info || !content) return
    this.isDirty = false
    this.notedMs = this.host.nowMs()
    const have = torrent.machine.have?.copy() ?? content.have.copy()
    if (have.count > 0) await content.sync()
    torrent.record = {
      info,
      path: content.path,
      have,
      ...(content.partPath === undefined ? {} : { partPath: content.partPath }),
      ...(content.stamp === undefined ? {} : { stamp: content.stamp }),
      uploadedBytes: counters.uploadedBytes,
      downloadedBytes: counters.downloadedBytes,
      ...(settings.words === undefined ? {} : { words: settings.words }),
    }
    await this.host.resumeStore.save(torrent.record)
  }
}
