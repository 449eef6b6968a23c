import type { Environment } from '@onehop/overlay'
import { equalBytes, invalid } from '@onehop/primitives'
import { endpointOf } from './extensions.ts'
import type { Files } from './files.ts'
import type { HitCache } from './hit-cache.ts'
import { MAX_EXCESS_FLOODS, MAX_RESULTS, MAX_TTL_AND_HOPS } from './limits.ts'
import {
  type GnutellaMessage,
  onward,
  type Ping,
  type Pong,
  type Query,
  type QueryHit,
  type Result,
} from './messages.ts'
import type { Neighbour, Neighbours } from './neighbours.ts'
import { OWN, type RouteTable, UNKNOWN } from './route-table.ts'
import type { GnutellaState } from './state.ts'

/** What a flood brings about elsewhere in the machine. */
export interface FloodHandlers {
  /** An answer to a query of this node. */
  readonly onOwnHit: (hit: QueryHit, from: Neighbour) => void
  /** A peer has been named. */
  readonly onHost: () => void
  /** The neighbour floods without measure. */
  readonly onExcess: (neighbour: Neighbour) => void
}

/** Pings share the table of ways back with queries, as other ids: only a descriptor of the same type is a duplicate. */
const PING_MARK = 0x5bd1_e995 | 0

/** Answers may go this many hops further than their question has come, for the way may have changed. */
const SLACK_HOPS = 2

/** An answer out of the cache is not the neighbour's own: it counts as one hop away. */
const CACHED_HOPS = 1

const NO_RESULTS: readonly Result[] = Object.freeze([])

/**
 * The routing of Gnutella 0.4 (§"Descriptor routing"): questions go to all neighbours but the one from which they came,
 * once; answers go back where their question came from, or nowhere.
 */
export class Flooding {
  // What every message needs stands first: it is one fetch from memory.
  private readonly neighbours: Neighbours
  private readonly routes: RouteTable
  private readonly environment: Environment<GnutellaMessage>
  private readonly files: Files
  private readonly ttl: number
  private readonly hitCache: HitCache | undefined
  private readonly state: GnutellaState
  private readonly handlers: FloodHandlers

  constructor(state: GnutellaState, handlers: FloodHandlers) {
    this.state = state
    this.handlers = handlers
    this.environment = state.environment
    this.routes = state.routes
    this.neighbours = state.neighbours
    this.files = state.files
    this.hitCache = state.hitCache
    this.ttl = state.options.ttl
  }

  /** Sends a query of this node to all neighbours. @returns how many. */
  beginQuery(query: Query): number {
    const { routes, neighbours } = this.state
    routes.add(query.id.low, query.id.high, OWN, this.state.now())
    for (const neighbour of neighbours.list) this.state.send(neighbour, query)
    return neighbours.size
  }

  /** Sends a ping of this node. */
  beginPing(ping: Ping, to: readonly Neighbour[]): void {
    const nowMs = this.state.now()
    this.state.routes.add(ping.id.low, ping.id.high ^ PING_MARK, OWN, nowMs)
    for (const neighbour of to) {
      neighbour.pinged(ping.id, nowMs)
      this.state.send(neighbour, ping)
    }
  }

  /** @param row of the neighbour. */
  onQuery(row: number, query: Query): void {
    const { hitCache, neighbours } = this
    const nowMs = this.environment.now()
    const ttl = this.admittedTtl(row, query, nowMs)
    if (ttl === 0) return
    const { id } = query
    if (!this.routes.add(id.low, id.high, neighbours.linkAt(row), nowMs)) return
    const own = this.files.matching(query.sought)
    const cached = hitCache === undefined ? NO_RESULTS : hitCache.matching(query.sought)
    if (own.length > 0 || cached.length > 0)
      this.answer(neighbours.list[row]!, query, [...own, ...cached].slice(0, MAX_RESULTS))
    if (ttl > 1 && cached.length === 0)
      this.passOn(row, ttl === query.ttl ? onward(query) : shortened(query, ttl))
  }

  onPing(row: number, ping: Ping): void {
    const { options, neighbours } = this.state
    const nowMs = this.environment.now()
    const ttl = this.admittedTtl(row, ping, nowMs)
    if (ttl === 0) return
    const from = neighbours.list[row]!
    const { id } = ping
    if (options.pongCaching) {
      this.pong(from, ping)
      if (ttl > 1) this.pongOthers(from, ping)
    } else if (this.routes.add(id.low, id.high ^ PING_MARK, from.link, nowMs)) {
      this.pong(from, ping)
      if (ttl > 1) this.passOn(row, ttl === ping.ttl ? onward(ping) : shortened(ping, ttl))
    }
  }

  onQueryHit(from: Neighbour, hit: QueryHit): void {
    const { routes, neighbours } = this.state
    if (!from.mayAnswer(this.state.now())) return
    const link = routes.linkOf(hit.id.low, hit.id.high)
    if (link === UNKNOWN) return
    this.state.rememberServent(hit.serventId, from.link)
    if (link === OWN) {
      this.handlers.onOwnHit(hit, from)
      return
    }
    this.keep(from, hit)
    const back = neighbours.at(link)
    if (back !== undefined && back !== from && mayGoOn(hit))
      this.state.send(back, { ...hit, ttl: hit.ttl - 1, hops: hit.hops + 1 })
  }

  onPong(from: Neighbour, pong: Pong): void {
    const { routes, neighbours, hosts } = this.state
    const nowMs = this.state.now()
    if (!from.mayAnswer(nowMs)) return
    const link = routes.linkOf(pong.id.low, pong.id.high ^ PING_MARK)
    if (link === UNKNOWN) return
    if (pong.hops === 0 && !this.isNamed(from, pong)) return
    if (pong.hops === 0 && link === OWN) from.answered(pong, nowMs)
    hosts.learn(pong.peer)
    this.handlers.onHost()
    const back = link === OWN ? undefined : neighbours.at(link)
    if (back !== undefined && back !== from && mayGoOn(pong))
      this.state.send(back, { ...pong, ttl: pong.ttl - 1, hops: pong.hops + 1 })
  }

  /**
   * How far a flood may go from here, its TTL and hops held within this node's own TTL; 0: it is dropped. Nobody honest
   * exceeds {@link MAX_TTL_AND_HOPS}, since everybody on the way holds it down.
   */
  private admittedTtl(row: number, { ttl, hops }: Query | Ping, nowMs: number): number {
    if (!this.admits(row, hops, nowMs)) return 0
    if (ttl + hops > MAX_TTL_AND_HOPS) {
      this.state.blame(this.state.neighbours.list[row]!, invalid('gnutella-ttl', `${ttl} after ${hops} hops`))
      return 0
    }
    return Math.max(0, Math.min(ttl, this.ttl - hops))
  }

  /** One that has gone no hop is the neighbour's own, of which it may send fewer. */
  private admits(row: number, hops: number, nowMs: number): boolean {
    const { neighbours } = this
    if (!neighbours.takeFlood(row, nowMs)) return false
    if (hops > 0) return true
    const from = neighbours.list[row]!
    if (from.mayBeginFlood(nowMs)) return true
    if (from.excess >= MAX_EXCESS_FLOODS) this.handlers.onExcess(from)
    return false
  }

  private passOn(row: number, message: Query | Ping): void {
    const { environment, neighbours } = this
    const { size } = neighbours
    for (let to = 0; to < size; to++) if (to !== row) environment.send(neighbours.peerAt(to), message)
  }

  private answer(to: Neighbour, { id, hops }: Query, results: readonly Result[]): void {
    const { serventId } = this.state.files
    const endpoint = endpointOf(this.state.ownEntry())
    this.state.send(to, {
      type: 'query-hit',
      ...{ id, ttl: hops + SLACK_HOPS, hops: 0 },
      ...{ endpoint, serventId, results },
    })
  }

  private pong(to: Neighbour, { id, hops }: Ping): void {
    const { files, neighbours, options } = this.state
    this.state.send(to, {
      type: 'pong',
      ...{ id, ttl: hops + SLACK_HOPS, hops: 0 },
      peer: this.state.ownEntry(),
      files: files.size,
      kilobytes: Math.min(0xffff_ffff, Math.floor(files.bytes / 1024)),
      neighbours: neighbours.size,
      spare: Math.max(0, neighbours.size - options.enoughNeighbours),
    })
  }

  /** Pongs for others, as the cache knows them: nothing is said of what they share. */
  private pongOthers(to: Neighbour, { id, hops }: Ping): void {
    const { environment, hosts, options } = this.state
    const asker = environment.idOf(to.peer)
    for (const peer of hosts.sample(options.pongsPerPing, other => !equalBytes(other, asker)))
      this.state.send(to, {
        type: 'pong',
        ...{ id, ttl: hops + SLACK_HOPS, hops: CACHED_HOPS },
        ...{ peer, files: 0, kilobytes: 0, neighbours: 0, spare: 0 },
      })
  }

  /** Whoever answers itself must say who it is. */
  private isNamed(from: Neighbour, { peer }: Pong): boolean {
    if (equalBytes(peer.id, this.state.environment.idOf(from.peer))) return true
    this.state.blame(from, invalid('gnutella-pong', 'in the name of another'))
    return false
  }

  /** Answers that pass are verified before they are given again; a neighbour is to blame for its own only. */
  private keep(from: Neighbour, { results, hops }: QueryHit): void {
    const { hitCache, intake, environment } = this.state
    if (hitCache === undefined) return
    const live = results.map(({ pointer }) => pointer).filter(({ withdrawn }) => withdrawn !== true)
    intake.verify(live, hops === 0 ? from.peer : environment.self, valid => hitCache.keep(valid))
  }
}

function mayGoOn({ ttl, hops }: QueryHit | Pong): boolean {
  return ttl > 1 && hops < MAX_TTL_AND_HOPS
}

/** One hop further, with a TTL that has been held down. */
function shortened<Flooded extends Ping | Query>(message: Flooded, ttl: number): Flooded {
  return { ...message, ttl: ttl - 1, hops: message.hops + 1, next: undefined }
}
