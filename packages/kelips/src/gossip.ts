import type { Cancel, PeerHandle } from '@onehop/overlay'
import { equalBytes, invalid, shuffled } from '@onehop/primitives'
import type { PointerId, PutResult } from './filetuples.ts'
import type { Intake } from './intake.ts'
import {
  EAGER_DELAY_MS,
  EAGER_FANOUT,
  EAGER_RETRY_MS,
  MAX_EAGER_BYTES,
  MAX_FAREWELLS,
  MAX_GOSSIP_BYTES,
  MEMBER_TELLINGS,
  MIN_GOSSIP_BYTES,
  NEWS_TELLINGS,
  REFRESH_TELLINGS,
} from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Gossip as GossipMessage, News } from './messages.ts'
import type { Census } from './population.ts'
import { type Order, Rations } from './rations.ts'
import type { UpdateResult } from './roster.ts'
import type { KelipsState } from './state.ts'
import { Targets } from './targets.ts'

/** Part of what is left of the budget that one answer may take. */
const REPLY_PART = 0.5

/**
 * Gossip in rounds under the byte budget: to members of the own group about members, contacts and filetuples; to
 * contacts about members and contacts. News is passed on at once besides.
 */
export class Gossip {
  rounds = 0
  private readonly state: KelipsState
  private readonly intake: () => Intake
  private readonly targets: Targets
  private readonly rations: Rations
  private cancelEager: Cancel | undefined

  constructor(state: KelipsState, intake: () => Intake) {
    this.state = state
    this.intake = intake
    this.targets = new Targets(state)
    this.rations = new Rations(state)
  }

  /** The peer is in the tables no longer. */
  forget(peer: PeerHandle): void {
    this.state.memberNews.delete(peer)
    this.targets.forget(peer)
  }

  /** One round: some members of the own group, and some contacts. */
  round(): void {
    this.rounds++
    const { budget, options } = this.state
    const members = this.targets.members(options.gossipMembers)
    const contacts = this.targets.contacts(options.gossipContacts)
    const count = members.length + contacts.length
    if (count === 0) return
    const share = budget.forRound(options.gossipIntervalMs, this.state.now()) / count
    const maxBytes = clamp(share)
    members.forEach((to, i) => void this.tell({ to, maxBytes, wantsReply: i === 0 }))
    contacts.forEach((to, i) => void this.tell({ to, maxBytes, wantsReply: i === 0 }))
  }

  /** Introduces this node to peers that it has just heard of, and asks each for a ration in return. */
  announce(peers: readonly PeerHandle[]): void {
    for (const to of peers) this.tell({ to, maxBytes: MIN_GOSSIP_BYTES, wantsReply: true })
  }

  /**
   * The peer is asked for an answer in which it states how large the network looks to it. Members of the own group say
   * what this node sees itself: groups differ in size, and the own one would outweigh the others.
   */
  expectCensus(peer: PeerHandle): void {
    const { population, partition, environment } = this.state
    const hash32 = environment.hash32(peer)
    if (!partition.isOwn(hash32)) population?.expect(hash32)
  }

  hearCensus(peer: PeerHandle, census: Census | undefined): void {
    if (census !== undefined) this.state.population?.hear(this.state.environment.hash32(peer), census)
  }

  /** Tells the own group and the contacts that this node leaves. */
  sayFarewell(): void {
    const { environment, own, roster } = this.state
    const message = {
      groups: this.state.statedGroups,
      sender: own.farewell(),
      wantsReply: false,
      members: [],
      pointers: [],
    }
    const peers = shuffled(this.random, [...roster.peers()]).slice(0, MAX_FAREWELLS)
    for (const peer of peers) environment.send(peer, { type: 'gossip', ...message })
  }

  stop(): void {
    this.cancelEager?.()
  }

  onGossip(from: PeerHandle, message: GossipMessage): void {
    if (!this.isAcceptable(from, message)) return
    const { roster } = this.state
    if (!message.sender.record.left) roster.heard(from)
    this.intake().members([message.sender, ...message.members], from)
    this.intake().store(message.pointers, from)
    this.targets.note(from)
    if (message.wantsReply) this.reply(from, message.members)
    else this.hearCensus(from, message.census)
  }

  /** News of filetuples has come, without a word about the sender. */
  onNews(from: PeerHandle, { groups, pointers }: News): void {
    if (!this.isOfThisNetwork(from, groups)) return
    this.state.roster.heard(from)
    this.targets.note(from)
    this.intake().store(pointers, from)
  }

  private reply(to: PeerHandle, told: readonly MemberEntry[]): void {
    const available = this.state.budget.available(this.state.now())
    if (available > 0) this.tell({ to, maxBytes: clamp(available * REPLY_PART), wantsReply: false, told })
  }

  /** Whether a message comes from a node of this network that speaks for itself. */
  isAcceptable(
    from: PeerHandle,
    message: { readonly groups: number; readonly sender: MemberEntry },
  ): boolean {
    const { environment, trust } = this.state
    if (!this.isOfThisNetwork(from, message.groups)) return false
    if (equalBytes(message.sender.record.id, environment.idOf(from))) return true
    trust.blame(from, invalid('kelips-wrong-sender'))
    return false
  }

  private isOfThisNetwork(from: PeerHandle, groups: number): boolean {
    const { statedGroups, trust } = this.state
    if (groups === statedGroups) return true
    trust.blame(from, invalid('kelips-wrong-group-count', `${groups} groups, not ${statedGroups}`))
    return false
  }

  /** A member has appeared or has left: the own group is to know at once. */
  onMember(peer: PeerHandle, result: UpdateResult): void {
    const { memberNews, partition, environment } = this.state
    const isNews = result === 'left' || (result === 'new' && partition.isOwn(environment.hash32(peer)))
    if (isNews) memberNews.add(peer, MEMBER_TELLINGS)
  }

  /** A pointer has come: new ones go on to others at once, refreshed ones with the next rounds. */
  onPointer(slot: PointerId, result: PutResult): void {
    const { tupleNews } = this.state
    if (result === 'fresher') tupleNews.add(slot, REFRESH_TELLINGS)
    if (result !== 'new') return
    tupleNews.add(slot, NEWS_TELLINGS)
    this.scheduleNews(EAGER_DELAY_MS)
  }

  private readonly random = () => this.state.environment.random()

  private scheduleNews(delayMs: number): void {
    if (this.cancelEager !== undefined) return
    this.cancelEager = this.state.environment.setTimer(delayMs, () => {
      this.cancelEager = undefined
      this.tellNews()
    })
  }

  /** To several members at once; what the budget has no room for now waits a little, and goes in fewer messages. */
  private tellNews(): void {
    const { budget, tupleNews } = this.state
    if (tupleNews.size === 0) return
    if (!budget.mayOwe(this.state.now())) {
      this.scheduleNews(EAGER_RETRY_MS)
      return
    }
    for (const to of this.targets.warmMembersOnly(EAGER_FANOUT)) {
      const news = this.rations.composeNews(to, MAX_EAGER_BYTES)
      if (news !== undefined) this.state.sendInBackground(to, news)
    }
  }

  private tell(order: Order): void {
    if (order.wantsReply) this.expectCensus(order.to)
    this.state.sendInBackground(order.to, this.rations.compose(order))
  }
}

function clamp(bytes: number): number {
  return Math.max(MIN_GOSSIP_BYTES, Math.min(MAX_GOSSIP_BYTES, Math.floor(bytes)))
}
