import { type Environment, Handles, ownEntry, type PeerEntry, PointerIntake } from '@onehop/overlay'
import type { Verdict } from '@onehop/primitives'
import { type DescriptorId, descriptorId } from './descriptor-id.ts'
import { Files } from './files.ts'
import { HitCache } from './hit-cache.ts'
import { HostCache } from './host-cache.ts'
import { MAX_PENDING_SIGNATURES, MAX_PUSH_ROUTES, MAX_ROUTES } from './limits.ts'
import type { GnutellaMessage } from './messages.ts'
import { type Neighbour, Neighbours } from './neighbours.ts'
import type { GnutellaOptions } from './options.ts'
import { RouteTable, UNKNOWN } from './route-table.ts'

/** `new`: in no network yet. */
export type Phase = 'new' | 'entered' | 'left'

/** The tables of one servent, which its parts share. */
export class GnutellaState {
  readonly environment: Environment<GnutellaMessage>
  readonly options: GnutellaOptions
  readonly handles: Handles
  readonly neighbours: Neighbours
  readonly hosts: HostCache
  readonly files: Files
  /** Ways back of queries and pings, by descriptor id. */
  readonly routes: RouteTable
  readonly intake: PointerIntake
  readonly hitCache: HitCache | undefined
  phase: Phase = 'new'
  /** Ways to servents whose answers passed, by servent id; made when the first one does. */
  private servents: RouteTable | undefined

  constructor(environment: Environment<GnutellaMessage>, options: GnutellaOptions) {
    this.environment = environment
    this.options = options
    this.handles = new Handles(environment)
    this.neighbours = new Neighbours(environment, this.handles)
    this.hosts = new HostCache(environment, options)
    this.files = new Files(environment, options)
    this.routes = this.newTable(MAX_ROUTES)
    this.hitCache = options.hitCacheMs > 0 ? new HitCache(environment, options.hitCacheMs) : undefined
    this.intake = new PointerIntake({
      environment,
      handles: this.handles,
      hasLeft: () => this.phase === 'left',
      limits: { inAll: MAX_PENDING_SIGNATURES, perPeer: MAX_PENDING_SIGNATURES },
      knownAs: pointer => this.hitCache?.versionOf(pointer),
    })
  }

  get serventRoutes(): RouteTable | undefined {
    return this.servents
  }

  now(): number {
    return this.environment.now()
  }

  ownEntry(): PeerEntry {
    return ownEntry(this.environment)
  }

  send(to: Neighbour, message: GnutellaMessage): void {
    this.environment.send(to.peer, message)
  }

  blame(neighbour: Neighbour, verdict: Verdict): void {
    this.environment.penalise(neighbour.peer, verdict)
  }

  /** A servent's answer came by this link: so a Push finds to it. */
  rememberServent(serventId: Uint8Array, link: number): void {
    this.servents ??= this.newTable(MAX_PUSH_ROUTES)
    const { low, high } = descriptorId(serventId)
    this.servents.set(low, high, link, this.now())
  }

  /** The neighbour behind which a servent is. */
  towards({ low, high }: DescriptorId): Neighbour | undefined {
    const link = this.servents?.linkOf(low, high) ?? UNKNOWN
    return link === UNKNOWN ? undefined : this.neighbours.at(link)
  }

  private newTable(mostEntries: number): RouteTable {
    const { environment, options } = this
    const random = () => environment.random()
    return new RouteTable({ lifetimeMs: options.routeLifetimeMs, mostEntries }, random, environment.now())
  }
}
