import type { PeerHandle, PeerId } from '@onehop/overlay'
import { equalBytes, randomBelow, randomElement, shuffled } from '@onehop/primitives'
import { kelipsCodec } from './codec.ts'
import type { Gossip } from './gossip.ts'
import type { Intake } from './intake.ts'
import {
  COLD_PROBE_INTERVAL_MS,
  DIAL_COST_BYTES,
  INDIRECT_PROBES,
  LEAST_ROWS_PER_TICK,
  MAX_ABSENCE_MS,
  MAX_PROBES_FOR_OTHERS,
  MAX_PROBES_PER_ROUND,
  SAMPLED_PROXIES,
  TICKS_PER_TABLE,
} from './limits.ts'
import type { Ping, Pong, Reply } from './messages.ts'
import type { Requests, Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/** Direct pings before a silent peer of whom nobody else can be asked is given up. */
const DIRECT_TRIES = 2

/**
 * Who is alive. Lookups and gossip are the probes; a peer that stays silent is pinged, then pinged through others
 * (SWIM), then gone. Nobody is believed about another's death: everyone finds out, or the heartbeats run out.
 */
export class Liveness {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake
  private readonly gossip: Gossip
  /** Peers that are being probed, whose handles are held until that is over. */
  private readonly probing = new Set<PeerHandle>()
  private forOthers = 0
  private cursor = 0
  private probesLeft = MAX_PROBES_PER_ROUND
  private nextColdMs = 0
  /** Probes that need a dial in one go: more and more, while nobody is found alive. */
  private coldProbes = 1
  private coldProbesLeft = 0

  constructor(state: KelipsState, requests: Requests, intake: Intake, gossip: Gossip) {
    this.state = state
    this.requests = requests
    this.intake = intake
    this.gossip = gossip
  }

  /**
   * Goes through a part of the tables: drops who has been silent for too long, probes who has been silent for long,
   * and measures one peer to whom there is a connection.
   */
  tick(): void {
    const { lifetimes, roster } = this.state
    const nowMs = this.state.now()
    this.probesLeft = MAX_PROBES_PER_ROUND
    if (nowMs >= this.nextColdMs) this.coldProbesLeft = this.coldProbes
    const suspectMs = this.coldProbes > 1 ? lifetimes.suspectMs / 2 : lifetimes.suspectMs
    const silent: PeerHandle[] = []
    const gone: PeerHandle[] = []
    let unmeasured: PeerHandle | undefined
    let rows = Math.min(roster.size, Math.max(LEAST_ROWS_PER_TICK, Math.ceil(roster.size / TICKS_PER_TABLE)))
    for (; rows > 0; rows--) {
      if (this.cursor >= roster.size) this.cursor = 0
      const peer = roster.at(this.cursor++)
      const silenceMs = nowMs - roster.heardMsOf(peer)
      if (silenceMs >= lifetimes.memberMs) gone.push(peer)
      else if (roster.isSuspect(peer) || silenceMs >= suspectMs) silent.push(peer)
      else if (unmeasured === undefined && this.isWorthMeasuring(peer)) unmeasured = peer
    }
    for (const peer of gone) roster.depart(peer)
    this.probeSilent(silent)
    if (unmeasured !== undefined && this.probing.size === 0) this.probe(unmeasured)
  }

  /** A request of ours stayed without an answer. */
  suspect(peer: PeerHandle, silence: Silence): void {
    const { roster, lifetimes } = this.state
    if (!roster.has(peer)) return
    roster.setSuspect(peer, true)
    if (this.probing.has(peer)) return
    if (!this.isOfUse(peer) && silence === 'unreachable') roster.depart(peer)
    else if (this.mayProbe(peer)) {
      if (silence === 'unreachable') this.probeThroughOthers(peer, DIRECT_TRIES)
      else this.probe(peer)
    } else if (this.state.now() - roster.heardMsOf(peer) > lifetimes.staleMs / 2) roster.depart(peer)
  }

  /** The driver could not reach it. */
  onUnreachable(peer: PeerHandle): void {
    this.requests.onUnreachable(peer)
    this.suspect(peer, 'unreachable')
  }

  onPing(from: PeerHandle, { request, target }: Ping): void {
    const { own, environment } = this.state
    if (target === undefined || equalBytes(target, environment.idOf(environment.self))) {
      this.answer(from, { type: 'pong', request, sender: own.entry() })
    } else if (this.forOthers < MAX_PROBES_FOR_OTHERS && this.state.budget.mayOwe(this.state.now()))
      this.probeForOther(from, request, target)
  }

  /** Looks for a peer that has departed: after a partition this is how the halves find each other. */
  lookForDeparted(): void {
    const { environment, roster } = this.state
    const wanted: PeerHandle[] = []
    for (const [peer, departed] of [...roster.departedPeers()]) {
      if (this.state.now() - departed.sinceMs > MAX_ABSENCE_MS) roster.forget(peer)
      else if (!departed.record.left) wanted.push(peer)
    }
    const peer = randomElement(() => environment.random(), wanted)
    if (peer !== undefined) this.greet(peer)
  }

  /** Pings a peer that is not in the tables; if it answers, it is, and both exchange what they know. */
  greet(peer: PeerHandle): void {
    this.ping(peer, {
      onReply: reply => {
        if (reply.type !== 'pong') return
        this.state.handles.hold(peer)
        this.intake.members([reply.sender], peer, () => {
          this.gossip.announce([peer])
          this.state.handles.drop(peer)
        })
      },
      onSilence: () => {},
    })
  }

  /** Those silent for longest; without a connection only as many as the budget has room for. */
  private probeSilent(silent: PeerHandle[]): void {
    const { roster } = this.state
    silent.sort((a, b) => roster.heardMsOf(a) - roster.heardMsOf(b))
    for (const peer of silent) if (!this.probing.has(peer) && this.mayProbe(peer)) this.probe(peer)
  }

  /** Takes one of the probes that are left, if the peer is worth it: those that need a dial are rare. */
  private mayProbe(peer: PeerHandle): boolean {
    const isWarm = this.state.environment.isConnected(peer)
    if (this.probesLeft <= 0 || (!isWarm && this.coldProbesLeft <= 0)) return false
    this.probesLeft--
    if (!isWarm) {
      this.coldProbesLeft--
      this.nextColdMs = this.state.now() + COLD_PROBE_INTERVAL_MS
    }
    return true
  }

  /**
   * Of the own group and the one with which it would merge everybody is to be known for alive or dead: nobody is given up
   * at the first failure.
   */
  private isOfUse(peer: PeerHandle): boolean {
    const { roster, partition } = this.state
    const bucket = roster.groupOf(peer)
    if (partition.isOwnBucket(bucket)) return true
    return partition.capacityOf(bucket) > partition.contactsPerBucket
  }

  private isWorthMeasuring(peer: PeerHandle): boolean {
    return this.state.roster.rttMsOf(peer) === undefined && this.state.environment.isConnected(peer)
  }

  private probe(peer: PeerHandle, tries = 1): void {
    if (!this.begin(peer)) return
    const wasCold = !this.state.environment.isConnected(peer)
    this.ping(peer, {
      onReply: reply => {
        this.end(peer)
        if (wasCold) this.coldProbes = 1
        if (reply.type === 'pong') this.intake.members([reply.sender], peer)
      },
      onSilence: silence => {
        if (!this.end(peer)) return
        if (silence === 'unreachable') this.onNobodyThere()
        this.state.roster.setSuspect(peer, true)
        this.probeThroughOthers(peer, silence === 'unreachable' ? DIRECT_TRIES : tries)
      },
    })
  }

  /** Who finds one of them dead has reason to look after more of the silent ones, and has saved a dial. */
  private onNobodyThere(): void {
    this.coldProbes = Math.min(2 * this.coldProbes, MAX_PROBES_PER_ROUND)
    this.nextColdMs = 0
  }

  private probeThroughOthers(peer: PeerHandle, tries: number): void {
    const { roster } = this.state
    if (!roster.has(peer)) return
    const proxies = this.proxiesFor(peer)
    if (proxies.length > 0) this.askProxies(peer, proxies)
    else if (tries < DIRECT_TRIES) this.probe(peer, tries + 1)
    else roster.depart(peer)
  }

  /** Some who answer, drawn at random, those first to whom there is a connection. */
  private proxiesFor(peer: PeerHandle): PeerHandle[] {
    const { environment, roster } = this.state
    const random = () => environment.random()
    const rows =
      roster.size <= SAMPLED_PROXIES
        ? Array.from({ length: roster.size }, (_, row) => row)
        : Array.from({ length: SAMPLED_PROXIES }, () => randomBelow(random, roster.size))
    const sample = [...new Set(rows)].map(row => roster.at(row))
    const useful = sample.filter(other => other !== peer && !roster.isSuspect(other))
    const warm = shuffled(
      random,
      useful.filter(other => environment.isConnected(other)),
    )
    const cold = shuffled(
      random,
      useful.filter(other => !warm.includes(other)),
    )
    return [...warm, ...cold].slice(0, INDIRECT_PROBES)
  }

  private askProxies(peer: PeerHandle, proxies: readonly PeerHandle[]): void {
    const { environment, options, roster } = this.state
    const startedMs = this.state.now()
    const target = environment.idOf(peer)
    let outstanding = proxies.length
    this.begin(peer)
    const giveUp = () => {
      outstanding--
      if (outstanding > 0 || !this.probing.has(peer)) return
      if (roster.heardMsOf(peer) < startedMs && roster.isSuspect(peer)) roster.depart(peer)
      this.end(peer)
    }
    for (const proxy of proxies) {
      const timeoutMs = this.requests.timeoutMsOf(proxy) + options.defaultTimeoutMs
      const handlers = {
        onReply: (reply: Reply) => this.onWord(peer, target, proxy, reply),
        onSilence: giveUp,
      }
      this.requests.send(
        proxy,
        request => this.charged(proxy, { type: 'ping', request, target }),
        handlers,
        timeoutMs,
      )
    }
  }

  /** Another peer has seen it alive: with a record as new as ours, which only the peer itself can have made. */
  private onWord(peer: PeerHandle, target: PeerId, proxy: PeerHandle, reply: Reply): void {
    const { roster } = this.state
    if (reply.type !== 'pong' || !equalBytes(reply.sender.record.id, target)) {
      this.end(peer)
      return
    }
    if (this.probing.has(peer)) {
      const known = roster.recordOf(peer)?.heartbeat ?? Number.POSITIVE_INFINITY
      if (reply.sender.record.heartbeat >= known) roster.setSuspect(peer, false)
      this.end(peer)
    }
    this.intake.members([reply.sender], proxy)
  }

  /** Whether a probe of the peer may begin: its handle is held until it ends. */
  private begin(peer: PeerHandle): boolean {
    if (this.probing.has(peer)) return false
    this.probing.add(this.state.handles.hold(peer))
    return true
  }

  /** Whether a probe of the peer was under way; it has ended. */
  private end(peer: PeerHandle): boolean {
    const wasProbing = this.probing.delete(peer)
    if (wasProbing) this.state.handles.drop(peer)
    return wasProbing
  }

  private probeForOther(from: PeerHandle, request: number, target: Uint8Array): void {
    const { handles } = this.state
    handles.hold(from)
    this.forOthers++
    const finish = () => {
      this.forOthers--
      handles.drop(from)
    }
    handles.with(target, peer =>
      this.ping(peer, {
        onReply: reply => {
          if (reply.type === 'pong') this.answer(from, { ...reply, request })
          finish()
        },
        onSilence: finish,
      }),
    )
  }

  private ping(
    peer: PeerHandle,
    handlers: { onReply(reply: Reply): void; onSilence(silence: Silence): void },
  ): void {
    let isOver = false
    const close = this.requests.send(peer, request => this.charged(peer, { type: 'ping', request }), {
      onReply: reply => {
        if (isOver) return
        isOver = true
        handlers.onReply(reply)
      },
      onSilence: silence => {
        if (isOver) return
        isOver = true
        if (silence === 'unreachable') this.state.budget.refund(2 * DIAL_COST_BYTES)
        handlers.onSilence(silence)
        close()
      },
    })
  }

  private answer(to: PeerHandle, pong: Pong): void {
    this.state.sendInBackground(to, pong)
  }

  private charged(peer: PeerHandle, ping: Ping): Ping {
    this.state.charge(peer, kelipsCodec.encodedLength(ping))
    return ping
  }
}
