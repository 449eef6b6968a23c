import type { Cancel, PeerHandle } from '@onehop/overlay'
import { equalBytes, invalid, randomElement, shuffled } from '@onehop/primitives'
import { kelipsCodec, memberCost, pointerCost } from './codec.ts'
import type { PointerId, PutResult } from './filetuples.ts'
import type { Intake } from './intake.ts'
import {
  EAGER_DELAY_MS,
  EAGER_FANOUT,
  MAX_EAGER_BYTES,
  MAX_FAREWELLS,
  MAX_GOSSIP_BYTES,
  MIN_GOSSIP_BYTES,
} from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Gossip as GossipMessage } from './messages.ts'
import type { UpdateResult } from './roster.ts'
import type { KelipsState } from './state.ts'
import { drawByProximity } from './targets.ts'

/** Part of a message to the own group that filetuples may fill; what they leave, members get. */
const FILETUPLE_PART = 0.5

/** What a message is composed for. */
interface Order {
  readonly to: PeerHandle
  readonly maxBytes: number
  readonly wantsReply: boolean
  readonly newsOnly?: boolean
}

/**
 * Gossip in rounds under the byte budget: to members of the own group about members, contacts and filetuples; to
 * contacts about members and contacts. News is passed on at once besides.
 */
export class Gossip {
  rounds = 0
  private readonly state: KelipsState
  private readonly intake: () => Intake
  private cancelEager: Cancel | undefined

  constructor(state: KelipsState, intake: () => Intake) {
    this.state = state
    this.intake = intake
  }

  /** One round: some members of the own group, and a contact each in some other groups. */
  round(): void {
    this.rounds++
    const { budget, options } = this.state
    const members = this.memberTargets(options.gossipMembers)
    const contacts = this.contactTargets(options.gossipContacts)
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
    const { budget, roster } = this.state
    if (!message.sender.record.left) roster.heard(from)
    this.intake().members([message.sender, ...message.members], from)
    this.intake().store(message.pointers, from)
    const available = budget.available(this.state.now())
    if (message.wantsReply && available > 0)
      this.tell({ to: from, maxBytes: clamp(available), wantsReply: false })
  }

  /** Whether a message comes from a node of this network that speaks for itself. */
  isAcceptable(
    from: PeerHandle,
    message: { readonly groups: number; readonly sender: MemberEntry },
  ): boolean {
    const { environment, statedGroups } = this.state
    if (message.groups !== statedGroups) {
      const detail = `${message.groups} groups, not ${statedGroups}`
      environment.penalise(from, invalid('kelips-wrong-group-count', detail))
      return false
    }
    if (equalBytes(message.sender.record.id, environment.idOf(from))) return true
    environment.penalise(from, invalid('kelips-wrong-sender'))
    return false
  }

  /** A member has appeared, has a fresher record, or has left. */
  onMember(peer: PeerHandle, result: UpdateResult): void {
    const { inward, outward } = this.state
    if (result === 'new' || result === 'left') {
      inward.addNews(peer, this.newsTimes())
      outward.addNews(peer, this.newsTimes())
    } else if (result === 'fresher') {
      inward.addChanged(peer)
      outward.addChanged(peer)
    }
  }

  /** A pointer has come: new ones go on to others at once. */
  onPointer(id: PointerId, result: PutResult): void {
    if (result === 'fresher') this.state.tuples.addChanged(id)
    if (result !== 'new') return
    this.state.tuples.addNews(id, this.newsTimes())
    if (this.cancelEager !== undefined) return
    this.cancelEager = this.state.environment.setTimer(EAGER_DELAY_MS, () => {
      this.cancelEager = undefined
      this.tellNews()
    })
  }

  /** As often as an epidemic needs to reach a group of this size. */
  private newsTimes(): number {
    return 33 - Math.clz32(this.state.roster.view().length + 1)
  }

  private readonly random = () => this.state.environment.random()

  private tellNews(): void {
    const { budget, tuples } = this.state
    for (const peer of this.memberTargets(EAGER_FANOUT)) {
      if (!tuples.hasNews || !budget.mayOwe(this.state.now())) return
      this.tell({ to: peer, maxBytes: MAX_EAGER_BYTES, wantsReply: false, newsOnly: true })
    }
  }

  private memberTargets(count: number): PeerHandle[] {
    const { roster } = this.state
    const members = roster.view().filter(peer => !roster.isSuspect(peer))
    return drawByProximity(this.random, roster, members, count)
  }

  private contactTargets(count: number): PeerHandle[] {
    const { roster } = this.state
    const groups = shuffled(this.random, roster.foreignGroups()).slice(0, count)
    return groups.flatMap(group => {
      const contacts = roster.inGroup(group)
      const answering = contacts.filter(contact => !roster.isSuspect(contact))
      const drawn = drawByProximity(this.random, roster, answering, 1)
      return drawn.length > 0
        ? drawn
        : [randomElement(this.random, contacts)].filter(peer => peer !== undefined)
    })
  }

  private tell(order: Order): void {
    const message = this.compose(order)
    this.state.budget.spend(kelipsCodec.encodedLength(message))
    this.state.environment.send(order.to, message)
  }

  private compose({ to, maxBytes, wantsReply, newsOnly }: Order): GossipMessage {
    const { own, statedGroups, inward, outward, tuples, filetuples } = this.state
    const empty: GossipMessage = {
      type: 'gossip',
      groups: statedGroups,
      sender: own.entry(),
      wantsReply,
      members: [],
      pointers: [],
    }
    let left = maxBytes - kelipsCodec.encodedLength(empty)
    const isInside = this.state.partition.isOwn(this.state.environment.hash32(to))
    const costOfTuple = (id: PointerId) => {
      const pointer = filetuples.getById(id)
      return pointer && pointerCost(pointer)
    }
    const part = newsOnly ? left : left * FILETUPLE_PART
    const ids = isInside ? tuples.take(part, costOfTuple, newsOnly) : []
    const pointers = ids.map(id => filetuples.getById(id)).filter(pointer => pointer !== undefined)
    for (const pointer of pointers) left -= pointerCost(pointer)
    const entries = new Map<PeerHandle, MemberEntry>()
    const queue = isInside ? inward : outward
    const told = newsOnly ? [] : queue.take(left, peer => this.costOfMember(peer, to, entries))
    return { ...empty, pointers, members: told.map(peer => entries.get(peer)!) }
  }

  private costOfMember(
    peer: PeerHandle,
    to: PeerHandle,
    entries: Map<PeerHandle, MemberEntry>,
  ): number | undefined {
    const entry = this.state.entryOf(peer)
    if (entry !== undefined) {
      if (peer === to || this.state.roster.isSuspect(peer)) return 0
      entries.set(peer, entry)
      return memberCost(entry)
    }
    const farewell = this.farewellOf(peer)
    if (farewell === undefined) return undefined
    entries.set(peer, farewell)
    return memberCost(farewell)
  }

  /** The last word of a peer that left lately, which is told like a member. */
  private farewellOf(peer: PeerHandle): MemberEntry | undefined {
    const departed = this.state.roster.departedRecord(peer)
    if (departed === undefined || !departed.record.left) return undefined
    const ageMs = Math.floor(this.state.now() - departed.sinceMs)
    return ageMs < this.state.options.memberLifetimeMs ? { record: departed.record, ageMs } : undefined
  }
}

function clamp(bytes: number): number {
  return Math.max(MIN_GOSSIP_BYTES, Math.min(MAX_GOSSIP_BYTES, Math.floor(bytes)))
}
