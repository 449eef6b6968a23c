import { TICK_INTERVAL_MS } from '@onehop/swarm'
import { swarmErrorOf } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentHost } from './torrent-host.ts'

/** Whether a torrent is at work, and what it does all the time while it is. */
export class TorrentActivity {
  /** Connections are open or wanted. */
  isRunning = false
  private readonly torrent: Torrent
  private readonly host: TorrentHost
  private hasHalted = false
  private ticker: NodeJS.Timeout | undefined
  private tickedMs = 0

  constructor(torrent: Torrent, host: TorrentHost) {
    this.torrent = torrent
    this.host = host
  }

  /** Brings what goes on in line with what is wanted. */
  update(): void {
    const { torrent } = this
    const isWanted = !torrent.isClosed && !torrent.settings.isPaused && torrent.problem === undefined
    // Peers who brought the info dictionary are kept while the files are opened; nobody is looked for yet.
    const isReady = this.isRunning ? !torrent.disk.isRechecking : !torrent.isChecking
    if ((isWanted && isReady) === this.isRunning) return
    this.isRunning = !this.isRunning
    if (this.isRunning) this.run()
    else this.halt()
    torrent.readers.wake()
  }

  private run(): void {
    const { torrent, host } = this
    this.tickedMs = host.nowMs()
    this.ticker = setInterval(() => this.tick(), TICK_INTERVAL_MS)
    this.ticker.unref()
    torrent.machine.setFetching(!torrent.isComplete)
    torrent.pool.start()
    torrent.search.start()
    if (this.hasHalted) host.emit('resumed', torrent)
  }

  private halt(): void {
    const { torrent, host } = this
    clearInterval(this.ticker)
    torrent.machine.setFetching(false)
    torrent.pool.stop()
    torrent.links.closeAll()
    void torrent.search.stop()
    this.hasHalted = true
    if (!torrent.isClosed) host.emit('paused', torrent)
  }

  private tick(): void {
    const { torrent } = this
    torrent.machine.tick()
    torrent.pool.step()
    torrent.search.tick()
    this.countSeeding()
    torrent.disk.notes.tick(error => torrent.fail(swarmErrorOf(error, `write ${torrent.path}`)))
  }

  private countSeeding(): void {
    const { torrent } = this
    const spanMs = this.host.nowMs() - this.tickedMs
    this.tickedMs += spanMs
    if (!torrent.isSeeding) return
    const goal = torrent.limits.onSeeded(spanMs, torrent.info!.contentBytes)
    if (goal !== undefined) torrent.rest(goal)
  }
}
