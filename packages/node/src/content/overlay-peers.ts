import { setTimeout as sleep } from 'node:timers/promises'
import { describeProvider } from '@onehop/libp2p-overlay'
import { contentKey, type Pointer } from '@onehop/overlay'
import type { PeerSource, WantedTorrent } from '@onehop/swarm-io'
import {
  CONTENT_LOOKUP_DEADLINE_MS,
  MAX_PROVIDER_LOOKUP_INTERVAL_MS,
  PROVIDER_LOOKUP_INTERVAL_MS,
} from '../limits.ts'
import { cidOf, multihashOf, type TorrentId } from './content-id.ts'
import type { ContentOverlay } from './content-overlay.ts'
import type { SwarmDialer } from './swarm-dialer.ts'

/** What finding providers needs of the overlay, and getting through to them. */
type ProviderOverlay = Pick<ContentOverlay, 'ready' | 'lookup' | 'requestDelivery' | 'noteDownload'>

/** Names the providers that the overlay knows, to the swarm. */
export class OverlayPeers {
  private readonly overlay: ProviderOverlay
  private readonly dialer: SwarmDialer
  /** By CID and peer id: the pointers that led to providers of what is being fetched. */
  private readonly pointers = new Map<string, Map<string, Pointer>>()

  constructor(overlay: ProviderOverlay, dialer: SwarmDialer) {
    this.overlay = overlay
    this.dialer = dialer
  }

  /** Takes what a lookup has found already: those are the first to be named. */
  foresee(torrent: TorrentId, pointers: readonly Pointer[]): void {
    const known = this.pointersOf(cidOf(torrent))
    for (const pointer of pointers) known.set(describeProvider(pointer).peerId, pointer)
  }

  /**
   * The providers of content as long as it is being fetched: again and again, so that those that come later are used and
   * lost ones are tried again. What nobody knows may be another network's alone, and is asked for less and less often.
   * Whoever has everything waits to be asked.
   */
  async *find(torrent: WantedTorrent, signal: AbortSignal): AsyncGenerator<PeerSource> {
    if (torrent.isComplete) return
    const key = contentKey(multihashOf(torrent))
    let found: readonly Pointer[] = [...this.pointersOf(cidOf(torrent)).values()]
    let waitMs = 0
    await this.overlay.ready
    while (!signal.aborted) {
      for (const pointer of found) yield* this.sourceOf(pointer)
      if (found.length > 0) waitMs = PROVIDER_LOOKUP_INTERVAL_MS
      await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      found = (await this.overlay.lookup(key, { deadlineMs: CONTENT_LOOKUP_DEADLINE_MS })).pointers
      this.foresee(torrent, found)
      waitMs = Math.min(Math.max(2 * waitMs, PROVIDER_LOOKUP_INTERVAL_MS), MAX_PROVIDER_LOOKUP_INTERVAL_MS)
    }
  }

  /** Tells the overlay which of its pointers led to a download, which FastTrack and the like count, and forgets them. */
  noteDownload(torrent: TorrentId, providers: readonly string[]): void {
    const known = this.pointers.get(cidOf(torrent))
    for (const peerId of providers) {
      const pointer = known?.get(peerId)
      if (pointer !== undefined) this.overlay.noteDownload(pointer)
    }
    this.forget(torrent)
  }

  forget(torrent: TorrentId): void {
    this.pointers.delete(cidOf(torrent))
  }

  private pointersOf(cid: string): Map<string, Pointer> {
    const known = this.pointers.get(cid) ?? new Map<string, Pointer>()
    this.pointers.set(cid, known)
    return known
  }

  /** Nobody dials himself. */
  private *sourceOf(pointer: Pointer): Generator<PeerSource> {
    const { overlay, dialer } = this
    const { peerId, addresses } = describeProvider(pointer)
    if (peerId === dialer.peerId) return
    yield {
      peerId,
      connect: signal =>
        dialer.openSwarmStream(peerId, addresses, signal, () => overlay.requestDelivery(pointer, { signal })),
    }
  }
}
