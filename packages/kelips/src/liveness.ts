import type { PeerHandle, PeerId } from '@onehop/overlay'
import { equalBytes, randomElement, shuffled } from '@onehop/primitives'
import { kelipsCodec } from './codec.ts'
import type { Gossip } from './gossip.ts'
import type { Intake } from './intake.ts'
import { INDIRECT_PROBES, MAX_ABSENCE_MS, MAX_PROBES_FOR_OTHERS, MAX_PROBES_PER_ROUND } from './limits.ts'
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

  constructor(state: KelipsState, requests: Requests, intake: Intake, gossip: Gossip) {
    this.state = state
    this.requests = requests
    this.intake = intake
    this.gossip = gossip
  }

  /** Drops who has been silent for too long, probes who has been silent for long, and measures one new peer. */
  tick(): void {
    const { options, roster } = this.state
    const silent: PeerHandle[] = []
    let unmeasured: PeerHandle | undefined
    for (const peer of [...roster.peers()]) {
      const silenceMs = this.state.now() - roster.heardMsOf(peer)
      if (silenceMs >= options.memberLifetimeMs) roster.depart(peer)
      else if (roster.isSuspect(peer) || silenceMs >= options.suspectAfterMs) silent.push(peer)
      else if (roster.rttMsOf(peer) === undefined) unmeasured ??= peer
    }
    silent.sort((a, b) => roster.heardMsOf(a) - roster.heardMsOf(b))
    for (const peer of silent.slice(0, MAX_PROBES_PER_ROUND)) this.probe(peer)
    if (unmeasured !== undefined) this.probe(unmeasured)
  }

  /** A request of ours stayed without an answer. */
  suspect(peer: PeerHandle, silence: Silence): void {
    if (!this.state.roster.has(peer)) return
    this.state.roster.setSuspect(peer, true)
    if (this.probing.has(peer)) return
    if (silence === 'timed out') this.probe(peer)
    else this.probeThroughOthers(peer, DIRECT_TRIES)
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
    } else if (this.forOthers < MAX_PROBES_FOR_OTHERS) this.probeForOther(from, request, target)
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

  private probe(peer: PeerHandle, tries = 1): void {
    if (!this.begin(peer)) return
    this.ping(peer, {
      onReply: reply => {
        this.end(peer)
        if (reply.type === 'pong') this.intake.members([reply.sender], peer)
      },
      onSilence: silence => {
        if (!this.end(peer)) return
        this.state.roster.setSuspect(peer, true)
        this.probeThroughOthers(peer, silence === 'unreachable' ? DIRECT_TRIES : tries)
      },
    })
  }

  private probeThroughOthers(peer: PeerHandle, tries: number): void {
    const { environment, roster } = this.state
    if (!roster.has(peer)) return
    const others = [...roster.peers()].filter(other => other !== peer && !roster.isSuspect(other))
    const proxies = shuffled(() => environment.random(), others).slice(0, INDIRECT_PROBES)
    if (proxies.length > 0) this.askProxies(peer, proxies)
    else if (tries < DIRECT_TRIES) this.probe(peer, tries + 1)
    else roster.depart(peer)
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
        request => this.charged({ type: 'ping', request, target }),
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
    const close = this.requests.send(peer, request => this.charged({ type: 'ping', request }), {
      onReply: reply => {
        if (isOver) return
        isOver = true
        handlers.onReply(reply)
      },
      onSilence: silence => {
        if (isOver) return
        isOver = true
        handlers.onSilence(silence)
        close()
      },
    })
  }

  private answer(to: PeerHandle, pong: Pong): void {
    this.state.budget.spend(kelipsCodec.encodedLength(pong))
    this.state.environment.send(to, pong)
  }

  private charged(ping: Ping): Ping {
    this.state.budget.spend(kelipsCodec.encodedLength(ping))
    return ping
  }
}
