import {
  internEntry,
  ownEntry,
  type PeerEntry,
  type PeerHandle,
  type PeerId,
  peerEntryFieldLength,
} from '@onehop/overlay'
import { bytesKey, equalBytes, invalid } from '@onehop/primitives'
import { MAX_ABSENCE_MS, MAX_FORMER_SERVERS, MAX_SERVERS } from './limits.ts'
import type { Link, NapsterMessage, NapsterReply } from './messages.ts'
import type { NapsterState } from './state.ts'

/** Another server. */
export interface LinkedServer {
  entry: PeerEntry
  clients: number
  heardMs: number
}

/** What a server takes beside its entry, in bytes: its clients, and when it was heard. */
const ROW_BYTES = 12

/** The other servers: each is linked with each, and all search their lists together. */
export class ServerLinks {
  private readonly state: NapsterState
  private readonly countClients: () => number
  private readonly linked = new Map<PeerHandle, LinkedServer>()
  /** Servers that were lost, by id, and since when. */
  private readonly former = new Map<string, { readonly entry: PeerEntry; readonly sinceMs: number }>()
  /** Ids of those that were greeted and have not answered yet. */
  private readonly greeted = new Set<string>()
  private nextLookMs = 0

  constructor(state: NapsterState, countClients: () => number) {
    this.state = state
    this.countClients = countClients
  }

  get size(): number {
    return this.linked.size
  }

  get formerCount(): number {
    return this.former.size
  }

  get byteLength(): number {
    let bytes = 0
    for (const { entry } of this.linked.values()) bytes += peerEntryFieldLength(1, entry) + ROW_BYTES
    return bytes
  }

  peers(): IterableIterator<PeerHandle> {
    return this.linked.keys()
  }

  all(): IterableIterator<LinkedServer> {
    return this.linked.values()
  }

  has(peer: PeerHandle): boolean {
    return this.linked.has(peer)
  }

  /** The other servers, those with the fewest clients first. */
  entries(): PeerEntry[] {
    const servers = [...this.linked.values()].sort((a, b) => a.clients - b.clients)
    return servers.map(({ entry }) => entry)
  }

  /** This server, then the others. */
  entriesWithSelf(): PeerEntry[] {
    return [ownEntry(this.state.environment), ...this.entries()].slice(0, MAX_SERVERS)
  }

  /** Another server wants to be linked, or shows that it still is. */
  onLink(from: PeerHandle, { request, self, clients }: Link): void {
    const { environment } = this.state
    if (!equalBytes(self.id, environment.idOf(from))) {
      this.state.penalise(from, invalid('napster-wrong-sender'))
      return
    }
    const isKnown = this.linked.has(from)
    const accepted = this.put(from, self, clients)
    environment.send(from, {
      type: 'welcome',
      request,
      accepted,
      isKnown,
      clients: this.countClients(),
      servers: this.entriesWithSelf(),
    })
  }

  /** A server that has answered: it is linked now, and so will be those that it names. */
  onAccepted(from: PeerHandle, clients: number, servers: readonly PeerEntry[]): void {
    const id = this.state.environment.idOf(from)
    const entry = servers.find(server => equalBytes(server.id, id)) ?? { id, addresses: [] }
    this.put(from, entry, clients)
    this.introduce(servers)
  }

  /** Greets those of the servers that are not linked yet. */
  introduce(servers: readonly PeerEntry[]): void {
    const { environment, handles } = this.state
    for (const entry of servers) {
      if (!this.isWelcome(entry.id)) continue
      handles.while(internEntry(environment, entry), peer => {
        if (!this.linked.has(peer)) this.greet(peer, entry.id)
      })
    }
  }

  /** Goes on looking for those that are not linked, as for servers that were lost. */
  lookFor(ids: readonly PeerId[]): void {
    const linked = new Set([...this.linked.values()].map(({ entry }) => bytesKey(entry.id)))
    for (const id of ids)
      if (this.isWelcome(id) && !linked.has(bytesKey(id))) this.putFormer({ id, addresses: [] })
  }

  /** A greeting, which the caller sends. */
  greeting(request: number): NapsterMessage {
    const { environment } = this.state
    return { type: 'link', request, self: ownEntry(environment), clients: this.countClients() }
  }

  /** Drops the silent, greets those that were not heard lately, and now and then looks for one that was lost. */
  tick(): void {
    const { nowMs, options } = this.state
    for (const [peer, { entry, heardMs }] of this.linked) {
      if (nowMs - heardMs > options.sessionTimeoutMs) this.lose(peer)
      else if (nowMs - heardMs >= options.keepAliveMs / 2) this.greet(peer, entry.id)
    }
    if (nowMs >= this.nextLookMs) this.lookForLost()
  }

  /** The server cannot be reached, or has not answered. */
  lose(peer: PeerHandle): void {
    const server = this.linked.get(peer)
    if (server === undefined) return
    this.remove(peer)
    this.putFormer(server.entry)
  }

  /** The server has gone. */
  remove(peer: PeerHandle): void {
    if (this.linked.delete(peer)) this.state.handles.drop(peer)
  }

  removeAll(): void {
    for (const peer of [...this.linked.keys()]) this.remove(peer)
  }

  /** @returns whether it is linked now. */
  private put(peer: PeerHandle, entry: PeerEntry, clients: number): boolean {
    const known = this.linked.get(peer)
    if (known !== undefined) {
      if (entry.addresses.length > 0) known.entry = entry
      Object.assign(known, { clients, heardMs: this.state.nowMs })
      return true
    }
    if (!this.isWelcome(entry.id) || this.linked.size >= MAX_SERVERS - 1) return false
    this.state.handles.hold(internEntry(this.state.environment, entry))
    this.linked.set(peer, { entry, clients, heardMs: this.state.nowMs })
    this.former.delete(bytesKey(entry.id))
    return true
  }

  private putFormer(entry: PeerEntry): void {
    if (this.former.size === MAX_FORMER_SERVERS) this.former.delete(this.former.keys().next().value as string)
    this.former.set(bytesKey(entry.id), { entry, sinceMs: this.state.nowMs })
  }

  private isWelcome(id: PeerId): boolean {
    return !this.state.isSelf(id) && this.state.isTrusted(id)
  }

  private greet(peer: PeerHandle, id: PeerId): void {
    const name = bytesKey(id)
    if (this.greeted.has(name) || this.greeted.size >= MAX_SERVERS) return
    this.greeted.add(name)
    this.state.requests.send(peer, request => this.greeting(request), {
      onReply: (reply, from) => {
        this.greeted.delete(name)
        this.onGreetingAnswer(from, reply)
      },
      onSilence: silence => {
        this.greeted.delete(name)
        if (silence === 'unreachable') this.lose(peer)
      },
    })
  }

  private onGreetingAnswer(from: PeerHandle, reply: NapsterReply): void {
    if (reply.type !== 'welcome') return
    if (reply.accepted) this.onAccepted(from, reply.clients, reply.servers)
    else this.remove(from)
  }

  private lookForLost(): void {
    const { environment, handles, nowMs, options } = this.state
    this.nextLookMs = nowMs + options.rejoinIntervalMs
    const [first] = this.former
    if (first === undefined) return
    const [name, lost] = first
    this.former.delete(name)
    if (nowMs - lost.sinceMs > MAX_ABSENCE_MS) return
    this.former.set(name, lost)
    handles.while(internEntry(environment, lost.entry), peer => this.greet(peer, lost.entry.id))
  }
}
