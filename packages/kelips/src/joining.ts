import type { Key, Outcome, PeerHandle } from '@onehop/overlay'
import { compareBytes } from '@onehop/primitives'
import type { Gossip } from './gossip.ts'
import type { Intake } from './intake.ts'
import {
  FIRST_SHARE_MEMBERS,
  MAX_ANNOUNCEMENTS,
  MAX_INTRODUCERS,
  MAX_PULL_PAGES,
  MAX_PULL_SOURCES,
  MAX_TRIES_PER_PEER,
} from './limits.ts'
import type { Share } from './messages.ts'
import { Costs } from './outcome.ts'
import type { Requests, Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/**
 * Entering: a first share from the introducers, then introductions, then the filetuples that this node is
 * responsible for, page by page from a member of its group, or of the group that has answered for it until now.
 */
export class Joining {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake
  private readonly gossip: Gossip
  private readonly introducers: PeerHandle[] = []
  private readonly waiting: (() => void)[] = []
  private readonly askedSources = new Set<PeerHandle>()
  private isTrying = false

  constructor(state: KelipsState, requests: Requests, intake: Intake, gossip: Gossip) {
    this.state = state
    this.requests = requests
    this.intake = intake
    this.gossip = gossip
  }

  /** Enters; or, where the node has entered, gets to know a part of the network that these peers know. */
  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const { state } = this
    if (state.phase === 'joining') {
      this.whenReady(() => this.join(introducers, done))
      return
    }
    const costs = new Costs(state.now())
    const others = introducers.filter(peer => peer !== state.environment.self)
    const finish = (failure?: Silence) => {
      state.phase = 'joined'
      if (failure === undefined) state.settled = true
      done(costs.outcome(state.now(), { failure }))
      for (const ready of this.waiting.splice(0)) ready()
    }
    if (state.phase === 'new') state.phase = 'joining'
    for (const peer of others) this.remember(peer)
    if (others.length === 0) finish()
    else this.pullFromIntroducers(others, costs, finish)
  }

  /** Runs when the node has entered, or has failed to; at once if that is long past. */
  whenReady(ready: () => void): void {
    if (this.state.phase === 'joining' || this.state.phase === 'new') this.waiting.push(ready)
    else ready()
  }

  /** Completes a join that failed, and looks for an introducer when nobody is left. */
  tryAgain(): void {
    const { state } = this
    if (state.phase !== 'joined' || this.isTrying) return
    const costs = new Costs(state.now())
    const finish = (failure?: Silence) => {
      this.isTrying = false
      if (failure === undefined) state.settled = true
    }
    this.isTrying = true
    if (state.roster.size === 0 && this.introducers.length > 0)
      this.pullFromIntroducers([...this.introducers], costs, finish)
    else if (!state.settled) this.pullFiletuples(costs, finish)
    else this.isTrying = false
  }

  /** Nothing is called any more. */
  stop(): void {
    this.waiting.length = 0
    for (const peer of this.introducers.splice(0)) this.state.handles.drop(peer)
  }

  private remember(peer: PeerHandle): void {
    const isKnown = this.introducers.includes(peer)
    if (isKnown) return
    if (this.introducers.length >= MAX_INTRODUCERS)
      this.state.handles.drop(this.introducers.shift() as PeerHandle)
    this.introducers.push(this.state.handles.hold(peer))
  }

  private pullFromIntroducers(
    introducers: readonly PeerHandle[],
    costs: Costs,
    finish: (failure?: Silence) => void,
  ): void {
    let outstanding = introducers.length
    let isIn = false
    let worst: Silence = 'unreachable'
    const enter = () => {
      if (isIn) return
      isIn = true
      this.announce()
      this.pullFiletuples(costs, finish)
    }
    const fail = (silence: Silence) => {
      outstanding--
      if (silence === 'timed out') worst = silence
      if (outstanding === 0 && !isIn) finish(worst)
    }
    this.askedSources.clear()
    for (const peer of introducers) this.askForShare(peer, costs, enter, fail)
  }

  private askForShare(
    peer: PeerHandle,
    costs: Costs,
    done: () => void,
    fail: (silence: Silence) => void,
  ): void {
    this.pull(
      peer,
      { limit: FIRST_SHARE_MEMBERS, filetuples: false },
      costs,
      share => {
        if (share === undefined) fail('timed out')
        else this.intake.members([share.sender, ...share.members], peer, done)
      },
      fail,
    )
  }

  private announce(): void {
    this.gossip.announce([...this.state.roster.peers()].slice(0, MAX_ANNOUNCEMENTS))
  }

  /** From one source after the other, until one that is settled itself has given everything. */
  private pullFiletuples(costs: Costs, finish: () => void): void {
    const source = this.askedSources.size < MAX_PULL_SOURCES ? this.nextSource() : undefined
    if (source === undefined) {
      finish()
      return
    }
    this.askedSources.add(source)
    this.pullPage(source, undefined, 1, costs, isComplete => {
      if (isComplete) finish()
      else this.pullFiletuples(costs, finish)
    })
  }

  /** A member of the own group; failing that, of the next group that is not empty, which has answered for ours. */
  private nextSource(): PeerHandle | undefined {
    const { roster } = this.state
    return this.state.holders.sources().find(peer => !roster.isSuspect(peer) && !this.askedSources.has(peer))
  }

  private pullPage(
    source: PeerHandle,
    after: Key | undefined,
    page: number,
    costs: Costs,
    done: (isComplete: boolean) => void,
  ): void {
    const limit = page === 1 ? FIRST_SHARE_MEMBERS : 0
    const onShare = (share: Share | undefined) => {
      if (share === undefined) {
        done(false)
        return
      }
      this.intake.members([share.sender, ...share.members], source)
      this.intake.store(share.pointers, source)
      const last = share.pointers.at(-1)?.key
      const goesOn =
        share.more && last !== undefined && (after === undefined || compareBytes(last, after) > 0)
      if (goesOn && page < MAX_PULL_PAGES) this.pullPage(source, last, page + 1, costs, done)
      else done(share.settled)
    }
    this.pull(source, { limit, filetuples: true, key: after }, costs, onShare, () => done(false))
  }

  private pull(
    peer: PeerHandle,
    wanted: { limit: number; filetuples: boolean; key?: Key | undefined },
    costs: Costs,
    onShare: (share: Share | undefined) => void,
    onSilence: (silence: Silence) => void,
  ): void {
    const { own, statedGroups } = this.state
    const { key, ...rest } = wanted
    let isOver = false
    const once = (then: () => void) => {
      if (isOver) return
      isOver = true
      then()
    }
    const ask = (tries: number) => {
      costs.messages++
      costs.attempts++
      this.requests.send(peer, build, {
        onReply: reply => {
          const isShare = reply.type === 'share' && this.gossip.isAcceptable(peer, reply)
          once(() => onShare(isShare ? reply : undefined))
        },
        onSilence: silence => {
          if (isOver) return
          if (silence === 'timed out' && tries < MAX_TRIES_PER_PEER) ask(tries + 1)
          else once(() => onSilence(silence))
        },
      })
    }
    const build = (request: number) => {
      const pull = { type: 'pull' as const, request, groups: statedGroups, sender: own.entry(), ...rest }
      const { range } = this.state.holders
      return key === undefined ? { ...pull, ...range } : { ...pull, ...range, key }
    }
    ask(1)
  }
}
