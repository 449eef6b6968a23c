import {
  type Cancel,
  type Outcome,
  ownEntry,
  type PeerEntry,
  type PeerHandle,
  type PeerId,
} from '@onehop/overlay'
import { BoundedMap, bytesKey, equalBytes, invalid } from '@onehop/primitives'
import { Connecting } from './connecting.ts'
import { newDescriptorId } from './descriptor-id.ts'
import type { Flooding } from './flooding.ts'
import { DISMISSED_MS, MAX_DISMISSED, MAX_INTRODUCERS, MAX_PEERS_TO_TRY, MISSED_PINGS } from './limits.ts'
import { BYE, type Bye, type Connect, type Ping } from './messages.ts'
import type { Neighbour } from './neighbours.ts'
import type { GnutellaState } from './state.ts'

const JITTER_PART = 0.2
const REASONS: Readonly<Record<number, string>> = {
  [BYE.enough]: 'Enough neighbours',
  [BYE.leaving]: 'Leaving',
  [BYE.notConnected]: 'Not connected',
  [BYE.flooding]: 'Too many requests',
  [BYE.busy]: 'Busy',
}

/**
 * Keeps the list of neighbours fresh and neither too short nor too long: entering, granting and refusing places, Pings,
 * the dead, and hosts to turn to.
 */
export class Linking {
  private readonly state: GnutellaState
  private readonly flooding: Flooding
  private readonly connecting: Connecting
  private readonly introducers = new Set<PeerHandle>()
  private readonly waiting: (() => void)[] = []
  /** Until when those that flooded get no place, by their ids. */
  private readonly dismissed = new BoundedMap<string, number>(MAX_DISMISSED)
  private cancelTick: Cancel | undefined
  private discoverMs = 0
  private exploreMs: number

  constructor(state: GnutellaState, flooding: Flooding) {
    this.state = state
    this.flooding = flooding
    this.connecting = new Connecting(state, () => this.seek())
    this.exploreMs = state.now() + state.options.exploreMs
  }

  /** Peers that are being asked for a place. */
  get connectingCount(): number {
    return this.connecting.size
  }

  /** In the network, with as many neighbours as it seeks, or nobody left to ask. */
  get isSettled(): boolean {
    const { phase, neighbours, options, hosts } = this.state
    if (phase !== 'entered') return false
    if (neighbours.size >= options.leastNeighbours) return true
    return this.connecting.size === 0 && hosts.sample(1, id => this.isStrange(id)).length === 0
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (this.cancelTick === undefined) this.scheduleTick()
    for (const peer of introducers) this.remember(peer)
    if (introducers.length === 0) this.enter()
    if (introducers.length > 0 && this.state.neighbours.size >= this.state.options.mostNeighbours)
      this.makeRoom()
    if (introducers.length > 0) this.connecting.join(introducers, outcome => this.onJoined(outcome, done))
    else done({ pointers: [], hops: 0, messages: 0, attempts: 0, elapsedMs: 0, acknowledgements: 0 })
  }

  /** Now, or when the join that is under way has ended. */
  whenReady(ready: () => void): void {
    if (this.state.phase === 'new' && this.connecting.isJoining) this.waiting.push(ready)
    else ready()
  }

  stop(): void {
    const { neighbours, handles } = this.state
    const entries = this.namedNeighbours()
    for (const neighbour of [...neighbours.list])
      this.farewell(
        neighbour,
        BYE.leaving,
        entries.filter(entry => entry !== neighbour.entry),
      )
    this.cancelTick?.()
    this.connecting.stop()
    for (const peer of this.introducers) handles.drop(peer)
    this.introducers.clear()
    this.waiting.length = 0
  }

  /** These are neighbours from now on, without a word: for simulations that begin settled. */
  adopt(peers: readonly PeerHandle[]): void {
    this.state.phase = 'entered'
    for (const peer of peers) this.state.neighbours.add(peer, undefined)
    if (this.cancelTick === undefined) this.scheduleTick()
  }

  onConnect(from: PeerHandle, { peer }: Connect): void {
    const { environment, hosts, neighbours, options } = this.state
    if (!equalBytes(peer.id, environment.idOf(from))) {
      environment.penalise(from, invalid('gnutella-connect', 'in the name of another'))
      return
    }
    if (this.isDismissed(peer.id)) {
      this.refuse(from, BYE.flooding, [])
      return
    }
    hosts.learn(peer)
    if (this.state.phase === 'new') this.refuse(from, BYE.notConnected, [])
    else if (neighbours.of(from) !== undefined) environment.send(from, { type: 'ok' })
    else if (neighbours.size >= options.mostNeighbours) this.refuse(from, BYE.busy, this.peersToTry(peer.id))
    else {
      environment.send(from, { type: 'ok' })
      this.welcome(from, peer)
    }
  }

  onOk(from: PeerHandle): void {
    const { neighbours, options } = this.state
    if (neighbours.of(from) !== undefined) return
    if (!this.connecting.has(from)) this.refuse(from, BYE.notConnected, [])
    else if (neighbours.size >= options.mostNeighbours) this.refuse(from, BYE.busy, [])
    else this.welcome(from, undefined)
  }

  onBye(from: PeerHandle, { peers }: Bye): void {
    const neighbour = this.state.neighbours.of(from)
    if (neighbour === undefined && !this.connecting.has(from)) return
    for (const peer of peers) this.state.hosts.learn(peer)
    if (neighbour !== undefined) this.state.neighbours.remove(neighbour)
    if (this.connecting.has(from)) this.connecting.onRefused(from, peers)
    else this.seek()
  }

  /** Somebody takes this node for a neighbour who is none: a Bye was lost, or never sent. */
  onStranger(from: PeerHandle): void {
    if (this.connecting.has(from)) this.onOk(from)
    else this.refuse(from, BYE.notConnected, [])
  }

  onUnreachable(peer: PeerHandle): void {
    const neighbour = this.state.neighbours.of(peer)
    if (neighbour !== undefined) this.lose(neighbour)
    this.connecting.onUnreachable(peer)
  }

  /** Leaves a neighbour that floods without measure. */
  dismiss(neighbour: Neighbour): void {
    const { environment } = this.state
    this.state.blame(neighbour, invalid('gnutella-flood'))
    this.dismissed.set(bytesKey(environment.idOf(neighbour.peer)), environment.now() + DISMISSED_MS)
    this.farewell(neighbour, BYE.flooding, [])
    this.seek()
  }

  /** Asks for places while there are too few neighbours, and somebody to ask is known. */
  seek(): void {
    const { neighbours, options, hosts } = this.state
    if (this.state.phase !== 'entered') return
    while (neighbours.size + this.connecting.size < options.leastNeighbours) {
      const entry = hosts.pick(id => this.isStrange(id))
      if (entry === undefined) return
      const before = this.connecting.size
      this.connecting.seek(entry)
      if (this.connecting.size === before) return
    }
  }

  private onJoined(outcome: Outcome, done: (outcome: Outcome) => void): void {
    if (outcome.failure !== undefined) this.endWaiting()
    done(outcome)
  }

  private enter(): void {
    this.state.phase = 'entered'
    this.connecting.endAll()
    this.endWaiting()
  }

  private endWaiting(): void {
    for (const ready of this.waiting.splice(0)) ready()
  }

  private remember(peer: PeerHandle): void {
    if (this.introducers.has(peer) || peer === this.state.environment.self) return
    if (this.introducers.size >= MAX_INTRODUCERS) return
    this.introducers.add(this.state.handles.hold(peer))
  }

  /** A link stands: the neighbour is asked who it is, and whom it knows. */
  private welcome(peer: PeerHandle, entry: PeerEntry | undefined): void {
    const neighbour = this.state.neighbours.add(peer, entry)
    const isEntering = this.state.phase === 'new'
    this.state.phase = 'entered'
    this.connecting.onGranted(peer)
    if (isEntering) this.enter()
    this.ping([neighbour], this.state.options.ttl)
  }

  private refuse(peer: PeerHandle, code: number, peers: readonly PeerEntry[]): void {
    const { environment } = this.state
    environment.send(peer, this.byeOf(code, peers))
  }

  private byeOf(code: number, peers: readonly PeerEntry[]): Bye {
    const id = newDescriptorId(this.state.environment)
    return { type: 'bye', id, code, reason: REASONS[code] ?? '', peers: peers.slice(0, MAX_PEERS_TO_TRY) }
  }

  private farewell(neighbour: Neighbour, code: number, peers: readonly PeerEntry[]): void {
    this.state.send(neighbour, this.byeOf(code, peers))
    this.state.neighbours.remove(neighbour)
  }

  /** Whom a refused peer could turn to: neighbours first, who were here lately. */
  private peersToTry(asker: PeerId): PeerEntry[] {
    const { hosts } = this.state
    const near = this.namedNeighbours()
    const isNew = (id: PeerId) => !equalBytes(id, asker) && near.every(entry => !equalBytes(entry.id, id))
    const others = hosts.sample(MAX_PEERS_TO_TRY, isNew)
    return this.shuffle([...near.filter(({ id }) => !equalBytes(id, asker)), ...others])
  }

  /** Neighbours that others could dial. */
  private namedNeighbours(): PeerEntry[] {
    return this.state.neighbours.list.flatMap(({ entry }) =>
      entry === undefined || entry.addresses.length === 0 ? [] : entry,
    )
  }

  private shuffle(peers: PeerEntry[]): PeerEntry[] {
    const start = Math.floor(this.state.environment.random() * peers.length)
    return [...peers.slice(start), ...peers.slice(0, start)]
  }

  private isDismissed(id: PeerId): boolean {
    return (this.dismissed.get(bytesKey(id)) ?? 0) > this.state.now()
  }

  private isStrange(id: PeerId): boolean {
    const { environment, handles, neighbours } = this.state
    if (this.isDismissed(id)) return false
    return handles.with(
      id,
      peer => peer !== environment.self && neighbours.of(peer) === undefined && !this.connecting.has(peer),
    )
  }

  private scheduleTick(): void {
    const { environment, options } = this.state
    const periodMs =
      this.state.phase === 'new' ? Math.min(options.pingMs, options.connectTimeoutMs) : options.pingMs
    const jitter = 1 - JITTER_PART / 2 + JITTER_PART * environment.random()
    this.cancelTick = environment.setTimer(Math.ceil(periodMs * jitter), () => {
      this.scheduleTick()
      this.tick()
    })
  }

  private tick(): void {
    const { state } = this
    for (const neighbour of [...state.neighbours.list]) this.examine(neighbour)
    state.hosts.expire()
    state.files.renew()
    this.pingAll()
    this.seek()
    if (state.neighbours.size === 0 && this.connecting.size === 0) this.turnToIntroducers()
    this.explore()
    this.prune()
  }

  /** Silence for several Pings is death. */
  private examine(neighbour: Neighbour): void {
    neighbour.missedPings = this.state.neighbours.wasHeard(neighbour) ? 0 : neighbour.missedPings + 1
    if (neighbour.missedPings >= MISSED_PINGS) this.lose(neighbour)
  }

  private lose(neighbour: Neighbour): void {
    const { hosts, environment, neighbours } = this.state
    hosts.noteRefusal(environment.idOf(neighbour.peer), false)
    neighbours.remove(neighbour)
    this.seek()
  }

  /** In 0.4 every Ping is flooded. With the fix most go to the neighbours alone, and some ask for more hosts. */
  private pingAll(): void {
    const { options, neighbours } = this.state
    const nowMs = this.state.now()
    const isDiscovery =
      !options.pongCaching || nowMs >= this.discoverMs || neighbours.size < options.leastNeighbours
    if (nowMs >= this.discoverMs) this.discoverMs = nowMs + options.discoveryMs
    if (neighbours.size > 0) this.ping(neighbours.list, isDiscovery ? options.ttl : 1)
  }

  private ping(to: readonly Neighbour[], ttl: number): void {
    const ping: Ping = { type: 'ping', id: newDescriptorId(this.state.environment), ttl, hops: 0 }
    this.flooding.beginPing(ping, to)
  }

  /** Everybody is gone, and nobody is known. */
  private turnToIntroducers(): void {
    if (this.introducers.size > 0 && !this.connecting.isJoining)
      this.connecting.join([...this.introducers], () => {})
  }

  /** A link to somebody far away now and then, so that what has fallen apart grows together. */
  private explore(): void {
    const { options, neighbours, hosts } = this.state
    const nowMs = this.state.now()
    if (options.exploreMs === 0 || this.state.phase !== 'entered' || nowMs < this.exploreMs) return
    this.exploreMs = nowMs + options.exploreMs
    const entry = hosts.pick(id => this.isStrange(id))
    if (entry !== undefined && neighbours.size < options.mostNeighbours) this.connecting.seek(entry)
  }

  /** Leaves the oldest of those neighbours that have more than enough, while this node has too. */
  private prune(): void {
    const { options, neighbours } = this.state
    if (neighbours.size <= options.enoughNeighbours) return
    const spare = neighbours.list.find(neighbour => neighbour.spare > 0)
    if (spare !== undefined) this.farewell(spare, BYE.enough, [])
  }

  /** Another network is to be met, and all places are taken. */
  private makeRoom(): void {
    const { list } = this.state.neighbours
    const [oldest] = list
    const spare = list.find(neighbour => neighbour.spare > 0) ?? oldest
    if (spare !== undefined) this.farewell(spare, BYE.enough, [ownEntry(this.state.environment)])
  }
}
