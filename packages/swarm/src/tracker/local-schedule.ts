import { bytesToHex } from '@onehop/primitives'
import type { InfoHash } from '../metainfo/infohash.ts'
import {
  LOCAL_ANNOUNCE_INTERVAL_MS,
  LOCAL_MESSAGE_INTERVAL_MS,
  LOCAL_NEWS_INTERVAL_MS,
  MAX_LOCAL_INFOHASHES,
  MAX_LOCAL_TORRENTS,
} from './limits.ts'

/**
 * When the local network is told of which torrents (BEP 14): each every five minutes, several in one message, and at
 * most one message a minute, but that what is new is told within seconds. Time comes from outside.
 */
export class LocalSchedule {
  private readonly torrents = new Map<string, { readonly infohash: InfoHash; dueMs: number }>()
  private lastMessageMs = Number.NEGATIVE_INFINITY
  private hasNews = false

  add(infohash: InfoHash, nowMs: number): void {
    const id = bytesToHex(infohash)
    if (this.torrents.has(id) || this.torrents.size >= MAX_LOCAL_TORRENTS) return
    this.torrents.set(id, { infohash, dueMs: nowMs })
    this.hasNews = true
  }

  remove(infohash: Uint8Array): void {
    this.torrents.delete(bytesToHex(infohash))
  }

  has(infohash: Uint8Array): boolean {
    return this.torrents.has(bytesToHex(infohash))
  }

  /** What goes into a message now; empty when none is due. */
  take(nowMs: number): InfoHash[] {
    const pauseMs = this.hasNews ? LOCAL_NEWS_INTERVAL_MS : LOCAL_MESSAGE_INTERVAL_MS
    if (nowMs - this.lastMessageMs < pauseMs) return []
    const due = [...this.torrents.values()].filter(({ dueMs }) => dueMs <= nowMs)
    const told = due.sort((a, b) => a.dueMs - b.dueMs).slice(0, MAX_LOCAL_INFOHASHES)
    if (told.length === 0) return []
    this.hasNews = due.length > told.length
    this.lastMessageMs = nowMs
    for (const torrent of told) torrent.dueMs = nowMs + LOCAL_ANNOUNCE_INTERVAL_MS
    return told.map(({ infohash }) => infohash)
  }
}
