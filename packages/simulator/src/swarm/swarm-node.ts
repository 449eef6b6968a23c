import { SeededRandom, sha1 } from '@onehop/primitives'
import {
  Bitfield,
  type BlockRange,
  type PeerKey,
  pieceCount,
  TICK_INTERVAL_MS,
  TorrentMachine,
  type WireMessage,
} from '@onehop/swarm'
import type { VirtualClock } from '../virtual-clock.ts'
import { chokerFor } from './behaviours.ts'
import { CONTACTS, FEW_CONNECTIONS, MOST_CONNECTIONS, TRACKER_INTERVAL_MS } from './swarm-limits.ts'
import type { LinkRates, SwarmRole } from './swarm-parameters.ts'
import type { SwarmWorld } from './swarm-world.ts'
import { Uplink, type UplinkOwner } from './uplink.ts'

const NEVER_UPLOADS: ReadonlySet<SwarmRole> = new Set(['free-rider', 'large-view'])

/** One direction of a connection. */
export interface SwarmLink {
  readonly to: SwarmNode
  /** What the other end calls it. */
  readonly toKey: PeerKey
  /** Blocks on the way. */
  inFlight: number
  isOpen: boolean
}

/** The longest block; all content is zeros, and no piece of it is hashed. */
const ZEROS = new Uint8Array(16 * 1024)

/** A torrent's machine, its links, and what it has sent and received. */
export class SwarmNode implements UplinkOwner {
  readonly number: number
  readonly name: string
  readonly role: SwarmRole
  readonly rates: LinkRates
  readonly machine: TorrentMachine
  readonly clock: VirtualClock
  readonly joinedMs: number
  completedMs: number | undefined
  isPresent = true
  sentBytes = 0
  /** Bytes of blocks by whom they came from. */
  readonly receivedFrom = new Map<SwarmRole, number>()
  private readonly world: SwarmWorld
  private readonly uplink: Uplink
  private readonly links = new Map<PeerKey, SwarmLink>()
  private readonly connected = new Set<SwarmNode>()
  private nextKey = 1
  private downFreeMs = 0

  constructor(world: SwarmWorld, number: number, role: SwarmRole, rates: LinkRates) {
    this.world = world
    this.clock = world.clock
    this.number = number
    this.name = `node ${number}`
    this.role = role
    this.rates = rates
    this.joinedMs = world.clock.elapsedMs
    this.machine = this.makeMachine()
    this.uplink = new Uplink(this, rates.up)
    this.begin()
  }

  private makeMachine(): TorrentMachine {
    const { world, clock } = this
    return new TorrentMachine({
      infohash: world.info.infohash,
      info: world.info,
      choker: chokerFor(this.role, world.strategy, this.rates.up),
      environment: {
        now: () => clock.elapsedMs,
        random: new SeededRandom(world.random.nextUint32()).next,
        sha1,
        send: (peer, message) => this.send(peer, message),
        drop: peer => this.close(peer),
        uploadsReady: peer => this.uplink.ready(peer),
        storePiece: piece => void clock.setTimer(0, () => this.machine.onPieceStored(piece, 'stored')),
        metadataReady: () => {},
        metadataRefused: () => {},
        pieceVerified: piece => world.onPiece(piece),
        completed: () => void clock.setTimer(0, () => this.onComplete()),
        peersLearned: () => {},
        peerListensAt: () => {},
      },
    })
  }

  private begin(): void {
    const pieces = pieceCount(this.world.info)
    this.machine.setSequential(this.world.inOrder)
    this.machine.start(this.role === 'seed' ? Bitfield.full(pieces) : new Bitfield(pieces))
    if (this.role !== 'seed') this.machine.setFetching(true)
    this.clock.setTimer(this.world.random.next() * TICK_INTERVAL_MS, () => this.tick())
    this.findPeers()
  }

  private tick(): void {
    if (!this.isPresent) return
    this.machine.tick()
    this.clock.setTimer(TICK_INTERVAL_MS, () => this.tick())
  }

  private findPeers(): void {
    if (!this.isPresent) return
    const wantsAll = this.role === 'large-view'
    if (wantsAll || this.links.size < FEW_CONNECTIONS) {
      for (const other of this.world.sample(this, wantsAll ? Number.POSITIVE_INFINITY : CONTACTS)) {
        this.connect(other)
      }
    }
    this.clock.setTimer(TRACKER_INTERVAL_MS, () => this.findPeers())
  }

  private connect(other: SwarmNode): void {
    const isFull = this.links.size >= MOST_CONNECTIONS && this.role !== 'large-view'
    if (this.connected.has(other) || isFull || other.links.size >= MOST_CONNECTIONS) return
    const [key, otherKey] = [this.newKey(), other.newKey()]
    this.open(key, { to: other, toKey: otherKey, inFlight: 0, isOpen: true }, true)
    other.open(otherKey, { to: this, toKey: key, inFlight: 0, isOpen: true }, false)
  }

  private newKey(): PeerKey {
    return this.nextKey++ as PeerKey
  }

  private open(key: PeerKey, link: SwarmLink, isOutbound: boolean): void {
    this.links.set(key, link)
    this.connected.add(link.to)
    const peerId = new Uint8Array(20)
    this.machine.addPeer({ key, remotePeer: link.to.name, extensions: false, fast: true, peerId, isOutbound })
  }

  private send(peer: PeerKey, message: WireMessage): void {
    const link = this.links.get(peer)
    // Who never uploads offers no allowed fast set either.
    if (!link || (message.type === 'allowedFast' && NEVER_UPLOADS.has(this.role))) return
    this.clock.setTimer(this.world.latencyMs(this, link.to), () => {
      if (link.isOpen) link.to.onMessage(link.toKey, message)
    })
  }

  private onMessage(key: PeerKey, message: WireMessage): void {
    if (message.type === 'piece') return
    this.machine.onMessage(key, message)
    this.machine.afterBatch(key)
  }

  inFlightTo(peer: PeerKey): number | undefined {
    return this.links.get(peer)?.inFlight
  }

  onSent(peer: PeerKey, range: BlockRange): void {
    const link = this.links.get(peer)
    if (!link) return
    this.sentBytes += range.length
    link.inFlight++
    const travelMs = this.world.latencyMs(this, link.to)
    this.clock.setTimer(travelMs, () => link.to.receive(link, this, peer, range, travelMs))
    this.world.onSent(this)
  }

  /** The block waits for its turn on our download. */
  private receive(
    link: SwarmLink,
    from: SwarmNode,
    fromKey: PeerKey,
    range: BlockRange,
    travelMs: number,
  ): void {
    const nowMs = this.clock.elapsedMs
    this.downFreeMs = Math.max(this.downFreeMs, nowMs) + range.length / (this.rates.down / 1000)
    this.clock.setTimer(this.downFreeMs - nowMs, () => {
      link.inFlight--
      this.clock.setTimer(travelMs, () => from.onWindow(fromKey))
      if (link.isOpen) this.onBlock(link.toKey, from, range)
    })
  }

  private onWindow(peer: PeerKey): void {
    if (this.links.has(peer)) this.uplink.ready(peer)
  }

  private onBlock(key: PeerKey, from: SwarmNode, { piece, begin, length }: BlockRange): void {
    this.receivedFrom.set(from.role, (this.receivedFrom.get(from.role) ?? 0) + length)
    this.world.trace.addMessage(this.clock.elapsedMs, this.number, from.number, piece)
    this.machine.onBlockStart(key, piece, begin, length)
    this.machine.onBlockBytes(key, ZEROS.subarray(0, length))
    this.machine.onBlockEnd(key)
    this.machine.afterBatch(key)
  }

  private onComplete(): void {
    if (this.role === 'seed' || this.completedMs !== undefined) return
    this.completedMs = this.clock.elapsedMs
    this.leave()
  }

  /** Power off: the others hear of it when the connection breaks. */
  leave(): void {
    if (!this.isPresent) return
    this.isPresent = false
    this.world.onLeft(this)
    for (const key of [...this.links.keys()]) this.close(key)
  }

  private close(key: PeerKey): void {
    const link = this.links.get(key)
    if (!link) return
    this.forget(key, link)
    this.clock.setTimer(this.world.latencyMs(this, link.to), () => link.to.onClosed(link.toKey))
  }

  private onClosed(key: PeerKey): void {
    const link = this.links.get(key)
    if (!link) return
    this.forget(key, link)
    this.machine.removePeer(key)
  }

  private forget(key: PeerKey, link: SwarmLink): void {
    link.isOpen = false
    this.links.delete(key)
    this.connected.delete(link.to)
  }
}
