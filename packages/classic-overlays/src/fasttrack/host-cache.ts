import type { Environment, Handles, PeerEntry, PeerHandle } from '@onehop/overlay'
import { peerEntryFieldLength } from '@onehop/overlay'
import {
  DISTRUST_MS,
  MAX_ABSENCE_MS,
  MAX_DEPUTIES_CACHED,
  MAX_HOST_AGE_MS,
  MAX_HOSTS,
  MAX_HOSTS_PER_PONG,
} from './limits.ts'
import type { HostEntry } from './messages.ts'

const SUPERNODE = 1
/** It has answered this node itself. */
const MET = 2
/** It did not answer when it was asked last. */
const LOST = 4

const FIRST_CAPACITY = 8
/** What a row keeps beside the peer's entry: time, workload, flags. */
const ROW_BYTES = 11

/** What {@link HostCache.meet} is told of a peer that has spoken for itself. */
export interface MetHost {
  readonly entry: PeerEntry
  readonly isSupernode: boolean
  readonly children: number
}

/**
 * Supernodes that this node knows, and some deputies: at most 200, as KaZaA's and Skype's clients keep (Baset,
 * Schulzrinne 2006: the host cache). Hearsay, until somebody has answered; then it stays before hearsay.
 */
export class HostCache {
  private readonly environment: Environment<never>
  private readonly handles: Handles
  private readonly peers: PeerHandle[] = []
  private readonly entries: PeerEntry[] = []
  private seenMs = new Float64Array(FIRST_CAPACITY)
  private children = new Uint16Array(FIRST_CAPACITY)
  private flags = new Uint8Array(FIRST_CAPACITY)
  private readonly distrustedUntilMs = new Map<PeerHandle, number>()

  constructor(environment: Environment<never>, handles: Handles) {
    this.environment = environment
    this.handles = handles
    handles.isKept = peer => this.has(peer)
  }

  get size(): number {
    return this.peers.length
  }

  get isFull(): boolean {
    return this.peers.length === MAX_HOSTS
  }

  /** Bytes of the table as messages would carry it. */
  get byteLength(): number {
    return this.entries.reduce((sum, entry) => sum + peerEntryFieldLength(1, entry) + ROW_BYTES, 0)
  }

  /** Somebody has told of a host. What is known better already is not changed. */
  learn(host: HostEntry): void {
    const seenMs = this.environment.now() - Math.min(host.ageMs, MAX_HOST_AGE_MS)
    this.handles.with(host.peer.id, peer => {
      if (peer === this.environment.self) return
      const row = this.rowOf(peer)
      if (row < 0) this.addHearsay(peer, host, seenMs)
      else if (seenMs > this.seenMs[row]!) this.refresh(row, host, seenMs)
    })
  }

  /** @param most of a ping's answer a few are believed, of a refresh list all. */
  learnAll(hosts: readonly HostEntry[], most = MAX_HOSTS_PER_PONG): void {
    for (const host of hosts.slice(0, most)) this.learn(host)
  }

  /** The peer has spoken for itself. */
  meet(peer: PeerHandle, { entry, isSupernode, children }: MetHost): void {
    if (peer === this.environment.self) return
    this.environment.learnAddresses(peer, entry.addresses)
    const row = this.rowOf(peer)
    const flags = MET | (isSupernode ? SUPERNODE : 0)
    const host = { entry, children, flags, seenMs: this.environment.now() }
    if (row >= 0) this.write(row, host)
    else if (this.hasRoom(isSupernode, true)) this.append(peer, host)
  }

  /** It did not answer. Kept for a while all the same, to be looked for: a network may only have fallen apart. */
  lose(peer: PeerHandle): void {
    const row = this.rowOf(peer)
    if (row < 0) return
    if (this.environment.now() - this.seenMs[row]! > MAX_ABSENCE_MS) this.removeRow(row)
    else this.flags[row]! |= LOST
  }

  /** It answers, and does nothing: for a time it is not taken as a supernode. */
  distrust(peer: PeerHandle): void {
    if (this.rowOf(peer) >= 0) this.distrustedUntilMs.set(peer, this.environment.now() + DISTRUST_MS)
  }

  isDistrusted(peer: PeerHandle): boolean {
    const untilMs = this.distrustedUntilMs.get(peer)
    if (untilMs === undefined) return false
    if (untilMs > this.environment.now()) return true
    this.distrustedUntilMs.delete(peer)
    return false
  }

  has(peer: PeerHandle): boolean {
    return this.rowOf(peer) >= 0
  }

  isSupernode(peer: PeerHandle): boolean {
    const row = this.rowOf(peer)
    return row >= 0 && (this.flags[row]! & SUPERNODE) !== 0
  }

  /** Supernodes that are thought to be there, in the table's order. */
  supernodes(): PeerHandle[] {
    return this.peers.filter((_, row) => (this.flags[row]! & (SUPERNODE | LOST)) === SUPERNODE)
  }

  get supernodeCount(): number {
    let count = 0
    for (let row = 0; row < this.peers.length; row++)
      if ((this.flags[row]! & (SUPERNODE | LOST)) === SUPERNODE) count++
    return count
  }

  /** Ordinary nodes, to come together with when no supernode is left. */
  deputies(): PeerHandle[] {
    return this.peers.filter((_, row) => (this.flags[row]! & SUPERNODE) === 0)
  }

  /** Those that did not answer. */
  lost(): PeerHandle[] {
    return this.peers.filter((_, row) => (this.flags[row]! & LOST) !== 0)
  }

  /** Supernodes of which nobody has told for so long. */
  stale(olderThanMs: number): PeerHandle[] {
    const beforeMs = this.environment.now() - olderThanMs
    return this.peers.filter(
      (_, row) => (this.flags[row]! & (SUPERNODE | LOST)) === SUPERNODE && this.seenMs[row]! < beforeMs,
    )
  }

  childrenOf(peer: PeerHandle): number {
    const row = this.rowOf(peer)
    return row < 0 ? 0 : this.children[row]!
  }

  /** The host as a message carries it. */
  host(peer: PeerHandle): HostEntry {
    return this.hostAt(this.rowOf(peer))
  }

  entryOf(peer: PeerHandle): PeerEntry | undefined {
    const row = this.rowOf(peer)
    return row < 0 ? undefined : this.entries[row]
  }

  /** So many of those that are thought to be there, from a random place on: each message tells of others. */
  sample(limit: number): HostEntry[] {
    return this.listed(limit, Math.floor(this.environment.random() * this.peers.length))
  }

  /** So many of those that are thought to be there, from that place on. Without a draw: whoever looks changes nothing. */
  listed(limit: number, first = 0): HostEntry[] {
    const { length } = this.peers
    const hosts: HostEntry[] = []
    for (let i = 0; i < length && hosts.length < limit; i++) {
      const row = (first + i) % length
      if ((this.flags[row]! & LOST) === 0) hosts.push(this.hostAt(row))
    }
    return hosts
  }

  clear(): void {
    while (this.peers.length > 0) this.removeRow(this.peers.length - 1)
  }

  private hostAt(row: number): HostEntry {
    const ageMs = Math.max(0, Math.floor(this.environment.now() - this.seenMs[row]!))
    return {
      peer: this.entries[row]!,
      isSupernode: (this.flags[row]! & SUPERNODE) !== 0,
      children: this.children[row]!,
      ageMs: Math.min(ageMs, MAX_HOST_AGE_MS),
    }
  }

  private rowOf(peer: PeerHandle): number {
    return this.peers.indexOf(peer)
  }

  private addHearsay(peer: PeerHandle, host: HostEntry, seenMs: number): void {
    if (!this.hasRoom(host.isSupernode, false)) return
    this.environment.learnAddresses(peer, host.peer.addresses)
    const flags = host.isSupernode ? SUPERNODE : 0
    this.append(peer, { entry: host.peer, children: host.children, flags, seenMs })
  }

  /** Fresher news by others: of the addresses only where the peer has not told them itself. */
  private refresh(row: number, host: HostEntry, seenMs: number): void {
    const isMet = (this.flags[row]! & MET) !== 0
    const entry = isMet ? this.entries[row]! : host.peer
    if (!isMet) this.environment.learnAddresses(this.peers[row]!, host.peer.addresses)
    const flags = (this.flags[row]! & (MET | LOST)) | (host.isSupernode ? SUPERNODE : 0)
    this.write(row, { entry, children: host.children, flags, seenMs })
  }

  private write(
    row: number,
    host: { entry: PeerEntry; children: number; flags: number; seenMs: number },
  ): void {
    this.entries[row] = host.entry
    this.children[row] = host.children
    this.flags[row] = host.flags
    this.seenMs[row] = host.seenMs
  }

  private append(peer: PeerHandle, host: Parameters<HostCache['write']>[1]): void {
    const row = this.peers.length
    if (row === this.seenMs.length) this.grow()
    this.peers.push(peer)
    this.write(row, host)
  }

  private grow(): void {
    const { length } = this.seenMs
    const [seenMs, children, flags] = [this.seenMs, this.children, this.flags]
    this.seenMs = new Float64Array(2 * length)
    this.children = new Uint16Array(2 * length)
    this.flags = new Uint8Array(2 * length)
    this.seenMs.set(seenMs)
    this.children.set(children)
    this.flags.set(flags)
  }

  private removeRow(row: number): void {
    const peer = this.peers[row]!
    const last = this.peers.length - 1
    this.write(row, {
      entry: this.entries[last]!,
      children: this.children[last]!,
      flags: this.flags[last]!,
      seenMs: this.seenMs[last]!,
    })
    this.peers[row] = this.peers[last]!
    this.peers.pop()
    this.entries.pop()
    this.distrustedUntilMs.delete(peer)
    this.handles.letGo(peer)
  }

  /** Room for one more: the lost go first; hearsay gives way to who was met; deputies are not to fill the cache. */
  private hasRoom(isSupernode: boolean, isMet: boolean): boolean {
    if (!isSupernode && this.deputies().length >= MAX_DEPUTIES_CACHED)
      return this.makeRoom(flags => (flags & SUPERNODE) === 0 && (flags & LOST) !== 0)
    if (this.peers.length < MAX_HOSTS) return true
    return (
      this.makeRoom(flags => (flags & LOST) !== 0) || (isMet && this.makeRoom(flags => (flags & MET) === 0))
    )
  }

  /** Of those that may go, the one goes of which nobody has told for longest. */
  private makeRoom(mayGo: (flags: number) => boolean): boolean {
    let oldest = -1
    for (let row = 0; row < this.peers.length; row++) {
      if (!mayGo(this.flags[row]!)) continue
      if (oldest < 0 || this.seenMs[row]! < this.seenMs[oldest]!) oldest = row
    }
    if (oldest >= 0) this.removeRow(oldest)
    return oldest >= 0
  }
}
