import type { SwarmEvents, TorrentSummary } from './session-types.ts'

/** Who wants to hear what happens to a session's torrents. */
export class EventListeners {
  private readonly listeners = new Map<keyof SwarmEvents, Set<(torrent: TorrentSummary) => void>>()

  /** @returns what takes the listener away again. */
  add(event: keyof SwarmEvents, listener: (torrent: TorrentSummary) => void): () => void {
    const those = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, those.add(listener))
    return () => void those.delete(listener)
  }

  tell(event: keyof SwarmEvents, torrent: TorrentSummary): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(torrent)
  }
}
