import {
  type Cancel,
  type Costs,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  publicationId,
} from '@onehop/overlay'
import { equalBytes, invalid } from '@onehop/primitives'
import { type Gathered, Gathering } from './gathering.ts'
import { MAX_POINTERS_PER_ANSWER, MAX_SIGNATURE_CHECKS } from './limits.ts'
import type { Call, Find, KeepAlive, Link, Login, Search, Upload } from './messages.ts'
import { type Query, searchCost, searchDirectory } from './query.ts'
import { SearchRations } from './search-rations.ts'
import { ServerLinks } from './server-links.ts'
import { type Session, Sessions } from './sessions.ts'
import type { NapsterState } from './state.ts'

/** The index server: it keeps the list of what its clients have, stores no files, and searches with the other servers. */
export class Server {
  readonly sessions: Sessions
  readonly links: ServerLinks
  /** Somebody who cannot dial this node has it call. */
  onCalled: (call: Call) => void = () => {}
  private readonly state: NapsterState
  private readonly rations: SearchRations
  /** Signatures that are being checked. */
  private checking = 0
  /** Answers that wait for other servers. */
  private readonly awaited = new Set<{ readonly peer: PeerHandle }>()

  constructor(state: NapsterState) {
    this.state = state
    this.rations = new SearchRations(state)
    this.sessions = new Sessions(state)
    this.links = new ServerLinks(state, () => this.sessions.size)
  }

  onLogin(from: PeerHandle, { request, session }: Login): void {
    const isKnown = this.sessions.heard(from, session) !== undefined
    const accepted = this.sessions.open(from, session)
    if (accepted === undefined) return
    if (accepted) this.links.remove(from)
    const servers = accepted ? this.links.entriesWithSelf() : this.links.entries()
    const clients = this.sessions.size
    this.state.environment.send(from, {
      type: 'welcome',
      request,
      accepted,
      isKnown,
      clients,
      servers,
    })
  }

  onLogout(from: PeerHandle, session: number): void {
    if (this.sessions.heard(from, session) !== undefined) this.sessions.close(from)
  }

  onLink(from: PeerHandle, message: Link): void {
    this.sessions.close(from)
    this.links.onLink(from, message)
  }

  onKeepAlive(from: PeerHandle, { request, session }: KeepAlive): void {
    const isKnown = this.sessions.heard(from, session) !== undefined
    this.state.environment.send(from, { type: 'alive', request, isKnown, servers: this.links.entries() })
  }

  /** A client speaks for itself only: who uploads another's pointers, genuine or not, is to blame. */
  onUpload(from: PeerHandle, message: Upload): void {
    const { pointers, session: number } = message
    const id = this.state.environment.idOf(from)
    if (!pointers.every(({ provider }) => equalBytes(provider, id))) {
      this.state.penalise(from, invalid('napster-wrong-provider'))
      return
    }
    const session = this.sessions.heard(from, number)
    if (session === undefined) this.answerUpload(from, message, { isKnown: false })
    else if (this.checking + pointers.length > MAX_SIGNATURE_CHECKS)
      this.answerUpload(from, message, { isKnown: true, isBusy: true })
    else this.takeIn(from, session, message)
  }

  onQuery(from: PeerHandle, message: Find | Search): void {
    const { request } = message
    const isKnown = this.sessions.touch(from)
    const answer = ({ pointers, silent, isFromOther }: Gathered) =>
      this.state.environment.send(from, { type: 'found', request, isKnown, silent, isFromOther, pointers })
    const query = boundedQuery(message)
    if (!this.mayAsk(from, query)) {
      answer({ pointers: [], silent: 1, isFromOther: false })
      return
    }
    if (message.isForwarded) {
      const pointers = this.search(query)
      answer({ pointers, silent: 0, isFromOther: false })
      return
    }
    const awaited = { peer: this.state.handles.hold(from) }
    this.awaited.add(awaited)
    this.gather(query, undefined, gathered => {
      answer(gathered)
      this.awaited.delete(awaited)
      this.state.handles.drop(from)
    })
  }

  /** Searches the own list, and has the other servers search theirs. */
  gather(query: Query, costs: Costs | undefined, done: (gathered: Gathered) => void): Cancel {
    const gathering = new Gathering(this.state, query, this.search(query), done)
    gathering.start([...this.links.peers()], costs)
    return () => gathering.cancel()
  }

  /** Servers that a client has met elsewhere. */
  onIntroduce(from: PeerHandle, servers: readonly PeerEntry[]): void {
    if (this.sessions.grantsFavour(from)) this.links.introduce(servers)
  }

  /**
   * A client, or another server for one of its clients, wants a host to call. The caller is the client itself, so that
   * nobody has hosts call a third.
   */
  onCall(from: PeerHandle, { token, host, caller }: Call): void {
    const { environment } = this.state
    const isFromServer = this.links.has(from)
    if (!isFromServer && !this.sessions.grantsFavour(from)) return
    if (!isFromServer && !equalBytes(caller.id, environment.idOf(from))) {
      this.state.penalise(from, invalid('napster-wrong-caller'))
      return
    }
    this.relayCall({ type: 'call', token, host, caller }, isFromServer)
  }

  /** To the host, if it is a client here, otherwise to the other servers: they have it, or nobody has. */
  relayCall(message: Call, isFromServer: boolean): void {
    const { environment, handles } = this.state
    if (this.state.isSelf(message.host)) {
      this.onCalled(message)
      return
    }
    const isClient = handles.with(message.host, peer => {
      const isServed = this.sessions.has(peer)
      if (isServed) environment.send(peer, message)
      return isServed
    })
    if (!isClient && !isFromServer) for (const peer of this.links.peers()) environment.send(peer, message)
  }

  tick(): void {
    this.sessions.sweep()
    this.links.tick()
    this.rations.sweep(peer => this.sessions.has(peer) || this.links.has(peer))
  }

  /** Says goodbye to clients and servers: they find each other without this one. */
  leave(): void {
    const { environment, handles } = this.state
    const servers = this.links.entries()
    for (const [peer] of this.sessions.entries()) environment.send(peer, { type: 'closing', servers })
    for (const peer of this.links.peers()) environment.send(peer, { type: 'closing', servers: [] })
    for (const { peer } of this.awaited) handles.drop(peer)
    this.awaited.clear()
    this.sessions.closeAll()
    this.links.removeAll()
  }

  /** Words cost time to search for: nobody may have all of it. Who has had enough is told nothing now. */
  private mayAsk(from: PeerHandle, query: Query): boolean {
    if (query.type === 'find') return true
    const isServer = this.links.has(from)
    const who = isServer || this.sessions.has(from) ? from : 'strangers'
    return this.rations.take(who, searchCost(this.sessions.directory, query), isServer)
  }

  private search(query: Query): Pointer[] {
    return searchDirectory(this.sessions.directory, query, this.state.nowS)
  }

  private takeIn(from: PeerHandle, session: Session, message: Upload): void {
    const { pointers } = message
    this.checking += pointers.length
    this.state.intake.verify(pointers, from, valid => {
      this.checking -= pointers.length
      if (!this.sessions.isCurrent(from, session)) return
      for (const pointer of valid) this.sessions.directory.put(session.list, pointer)
      const refused = [...pointers.keys()].filter(position => !isHeld(session, pointers[position]!))
      this.answerUpload(from, message, { isKnown: true, refused })
    })
  }

  private answerUpload(
    from: PeerHandle,
    { request, isMove }: Upload,
    answer: { readonly isKnown: boolean; readonly isBusy?: boolean; readonly refused?: readonly number[] },
  ): void {
    const { isKnown, isBusy = false, refused = [] } = answer
    this.state.environment.send(from, { type: 'held', request, isMove, isKnown, isBusy, refused })
  }
}

/** Whether the list says what the pointer says, or something later. Of what is withdrawn nothing need be there. */
function isHeld({ list }: Session, { key, target, sequence, withdrawn }: Pointer): boolean {
  const held = list.pointers.get(publicationId(key, target))
  return held === undefined ? withdrawn === true : held.sequence >= sequence
}

function boundedQuery(message: Find | Search): Query {
  const limit = Math.max(1, Math.min(message.limit, MAX_POINTERS_PER_ANSWER))
  return message.type === 'find'
    ? { type: 'find', key: message.key, limit }
    : { type: 'search', words: message.words, limit }
}
