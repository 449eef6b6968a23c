import type { Multiaddr } from '@multiformats/multiaddr'
import { isRelayed } from '@onehop/libp2p-overlay'
import { BoundedMap, shuffled } from '@onehop/primitives'
import { DIALS_PER_ROUND, KEEP_INTERVAL_MS, MAX_KNOWN_PEERS, SHUN_MS } from './limits.ts'
import { Redial } from './redial.ts'

/** A peer that may be dialled. */
export interface Candidate {
  readonly peerId: string
  readonly addresses: readonly Multiaddr[]
}

/** What keeping connections needs of the host. */
export interface KeeperPort {
  readonly bootstrap: readonly Multiaddr[]
  readonly target: number
  now(): number
  random(): number
  isConnected(peerId: string): boolean
  isBanned(peerId: string): boolean
  connectionCount(): number
  /** Peers that the overlay knows. */
  discovered(): Candidate[]
  /** @returns the peer id of who answered. */
  dial(addresses: readonly Multiaddr[]): Promise<string>
}

interface Introducer {
  readonly address: Multiaddr
  readonly redial: Redial
  peerId: string | undefined
  dialling: boolean
}

/** Keeps the connections to introducers, and as many to others as are wanted. */
export class ConnectionKeeper {
  private readonly port: KeeperPort
  private readonly introducers: Introducer[]
  private readonly known = new BoundedMap<string, readonly Multiaddr[]>(MAX_KNOWN_PEERS)
  private readonly redials = new BoundedMap<string, Redial>(MAX_KNOWN_PEERS)
  private readonly dialling = new Set<string>()
  private timer: NodeJS.Timeout | undefined

  constructor(port: KeeperPort) {
    this.port = port
    this.introducers = port.bootstrap.map(address => ({
      address,
      redial: new Redial(),
      peerId: address.getComponents().findLast(component => component.name === 'p2p')?.value,
      dialling: false,
    }))
  }

  start(): void {
    this.timer = setInterval(() => this.round(), KEEP_INTERVAL_MS)
    this.round()
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** Where a peer that we met listens. */
  remember(peerId: string, addresses: readonly Multiaddr[]): void {
    const direct = addresses.filter(address => !isRelayed(address))
    if (direct.length > 0) this.known.set(peerId, direct)
  }

  /** What others say of a peer that we never met. */
  hear({ peerId, addresses }: Candidate): void {
    if (this.known.get(peerId) === undefined) this.remember(peerId, addresses)
  }

  /** How many connections are wanted and not there. */
  get missing(): number {
    return this.port.target - this.port.connectionCount()
  }

  /** Connected peers that listen somewhere, in no order. */
  connectedPeers(): Candidate[] {
    const connected = this.knownPeers().filter(({ peerId }) => this.port.isConnected(peerId))
    return shuffled(this.port.random, connected)
  }

  /** Peers worth remembering over a restart: those that are connected, then the others, the latest first. */
  knownPeers(): Candidate[] {
    const known = [...this.known.entries()].reverse().map(([peerId, addresses]) => ({ peerId, addresses }))
    const isConnected = ({ peerId }: Candidate) => this.port.isConnected(peerId)
    return [...known.filter(isConnected), ...known.filter(candidate => !isConnected(candidate))]
  }

  /** Not dialled by us for a while. */
  shun(peerId: string): void {
    this.redialOf(peerId).shun(this.port.now(), SHUN_MS)
    for (const introducer of this.introducers)
      if (introducer.peerId === peerId) introducer.redial.shun(this.port.now(), SHUN_MS)
  }

  /** May be dialled at once again. */
  forgive(peerId: string): void {
    this.redials.delete(peerId)
    for (const introducer of this.introducers) if (introducer.peerId === peerId) introducer.redial.succeeded()
  }

  /** Dials who is missing. */
  round(): void {
    for (const introducer of this.introducers) if (this.isMissing(introducer)) void this.call(introducer)
    const missing = this.port.target - this.port.connectionCount() - this.dialling.size
    const room = Math.min(missing, DIALS_PER_ROUND - this.dialling.size)
    if (room <= 0) return
    const candidates = this.candidates()
    for (let i = 0; i < room && candidates.length > 0; i++) {
      const index = Math.floor(this.port.random() * candidates.length)
      const [candidate] = candidates.splice(index, 1)
      if (candidate !== undefined) void this.dial(candidate)
    }
  }

  private isMissing({ peerId, dialling, redial }: Introducer): boolean {
    if (dialling || !redial.isDue(this.port.now())) return false
    return peerId === undefined || this.mayDial(peerId)
  }

  private mayDial(peerId: string): boolean {
    return !this.port.isConnected(peerId) && !this.port.isBanned(peerId) && !this.dialling.has(peerId)
  }

  private candidates(): Candidate[] {
    const byId = new Map<string, Candidate>()
    for (const [peerId, addresses] of this.known.entries()) byId.set(peerId, { peerId, addresses })
    for (const { peerId, addresses } of this.port.discovered()) {
      // Gossip and blocks do not come through relays: such a connection would keep out a useful one.
      const direct = addresses.filter(address => !isRelayed(address))
      byId.set(peerId, { peerId, addresses: [...direct, ...(this.known.get(peerId) ?? [])] })
    }
    const nowMs = this.port.now()
    return [...byId.values()].filter(
      ({ peerId, addresses }) =>
        addresses.length > 0 && this.mayDial(peerId) && (this.redials.get(peerId)?.isDue(nowMs) ?? true),
    )
  }

  private async call(introducer: Introducer): Promise<void> {
    introducer.dialling = true
    try {
      introducer.peerId = await this.port.dial([introducer.address])
      introducer.redial.succeeded()
    } catch {
      introducer.redial.failed(this.port.now(), this.port.random())
    }
    introducer.dialling = false
  }

  private async dial({ peerId, addresses }: Candidate): Promise<void> {
    this.dialling.add(peerId)
    try {
      await this.port.dial(addresses.map(address => withPeerId(address, peerId)))
      this.redials.delete(peerId)
    } catch {
      this.redialOf(peerId).failed(this.port.now(), this.port.random())
    }
    this.dialling.delete(peerId)
  }

  private redialOf(peerId: string): Redial {
    const known = this.redials.get(peerId)
    if (known !== undefined) return known
    const redial = new Redial()
    this.redials.set(peerId, redial)
    return redial
  }
}

/** The address with the peer id at its end. */
export function withPeerId(address: Multiaddr, peerId: string): Multiaddr {
  const hasPeerId = address.getComponents().some(component => component.name === 'p2p')
  return hasPeerId ? address : address.encapsulate(`/p2p/${peerId}`)
}
