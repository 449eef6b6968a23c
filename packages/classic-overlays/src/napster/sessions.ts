import type { PeerHandle, Pointer } from '@onehop/overlay'
import { publicationId } from '@onehop/overlay'
import { ClientList, Directory } from './directory.ts'
import {
  MAX_FAVOURS_PER_SWEEP,
  MAX_POINTERS,
  MAX_POINTERS_PER_CLIENT,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_CLIENT,
} from './limits.ts'
import type { NapsterState } from './state.ts'

/** A client that has logged in. */
export interface Session {
  readonly number: number
  readonly list: ClientList
  heardMs: number
  /** Favours asked since the last sweep. */
  favours: number
}

/** What a session takes beside its pointers, in bytes: its number, and when the client was heard. */
const SESSION_BYTES = 16

/** The clients of a server, and its list of what they and it itself have. */
export class Sessions {
  readonly directory = new Directory({
    inAll: MAX_POINTERS,
    perClient: MAX_POINTERS_PER_CLIENT,
    perKey: MAX_POINTERS_PER_KEY,
    perKeyAndClient: MAX_POINTERS_PER_KEY_AND_CLIENT,
  })
  private readonly state: NapsterState
  private readonly ownList: ClientList
  private readonly byPeer = new Map<PeerHandle, Session>()

  constructor(state: NapsterState) {
    this.state = state
    this.ownList = new ClientList(state.environment.idOf(state.environment.self))
    state.knownAs = pointer => this.knownAs(pointer)
  }

  get size(): number {
    return this.byPeer.size
  }

  /** Bytes of the list and of the sessions, as packed as messages would carry them. */
  get byteLength(): number {
    let bytes = this.directory.byteLength
    for (const { list } of this.byPeer.values()) bytes += SESSION_BYTES + list.id.length
    return bytes
  }

  entries(): IterableIterator<[PeerHandle, Session]> {
    return this.byPeer.entries()
  }

  /** Puts what this node itself has into the list. */
  putOwn(pointer: Pointer): void {
    this.directory.put(this.ownList, pointer)
  }

  /**
   * The client begins a session, or takes up the one that it had. A new one does away with all that it said before.
   * @returns whether there is room; undefined for a message from before the last session.
   */
  open(peer: PeerHandle, number: number): boolean | undefined {
    const known = this.byPeer.get(peer)
    if (known !== undefined && number < known.number) return undefined
    if (known?.number === number) {
      known.heardMs = this.state.nowMs
      return true
    }
    if (known === undefined && this.byPeer.size >= this.state.options.maxClients) return false
    if (known !== undefined) this.close(peer)
    this.state.handles.hold(peer)
    const list = new ClientList(this.state.environment.idOf(peer))
    this.byPeer.set(peer, { number, list, heardMs: this.state.nowMs, favours: 0 })
    return true
  }

  /** The session, whose client has just been heard; undefined when it is not, or no longer, logged in. */
  heard(peer: PeerHandle, number: number): Session | undefined {
    const session = this.byPeer.get(peer)
    if (session?.number !== number) return undefined
    session.heardMs = this.state.nowMs
    return session
  }

  /** Somebody asks: a client that does is there. @returns whether it is logged in. */
  touch(peer: PeerHandle): boolean {
    const session = this.byPeer.get(peer)
    if (session !== undefined) session.heardMs = this.state.nowMs
    return session !== undefined
  }

  has(peer: PeerHandle): boolean {
    return this.byPeer.has(peer)
  }

  isCurrent(peer: PeerHandle, session: Session): boolean {
    return this.byPeer.get(peer) === session
  }

  /** Whether the client may have the server write to others once more. */
  grantsFavour(peer: PeerHandle): boolean {
    const session = this.byPeer.get(peer)
    if (session === undefined || session.favours === MAX_FAVOURS_PER_SWEEP) return false
    session.favours++
    return true
  }

  close(peer: PeerHandle): void {
    const session = this.byPeer.get(peer)
    if (session === undefined) return
    this.byPeer.delete(peer)
    this.directory.removeAll(session.list)
    this.state.handles.drop(peer)
  }

  /** Drops the clients of which nothing was heard for too long, and the pointers that have expired. */
  sweep(): void {
    const { nowMs, nowS } = this.state
    const silentMs = nowMs - this.state.options.sessionTimeoutMs
    this.directory.expire(this.ownList, nowS)
    for (const [peer, session] of this.byPeer) {
      session.favours = 0
      if (session.heardMs < silentMs) this.close(peer)
      else this.directory.expire(session.list, nowS)
    }
  }

  closeAll(): void {
    for (const peer of [...this.byPeer.keys()]) this.close(peer)
  }

  private knownAs(pointer: Pointer): Pointer | undefined {
    const { handles } = this.state
    const session = handles.with(pointer.provider, peer => this.byPeer.get(peer))
    return session?.list.pointers.get(publicationId(pointer.key, pointer.target))
  }
}
