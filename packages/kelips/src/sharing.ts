import type { PeerHandle } from '@onehop/overlay'
import { shuffled, TokenBucket } from '@onehop/primitives'
import { kelipsCodec, memberCost, pointerCost } from './codec.ts'
import type { Gossip } from './gossip.ts'
import type { Intake } from './intake.ts'
import { FIRST_SHARE_MEMBERS, MAX_SHARE_BYTES, SHARE_BURST_BYTES, SHARE_BYTES_PER_SECOND } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Pull, Share } from './messages.ts'
import type { KelipsState } from './state.ts'

/** Part of a share that members may fill. */
const MEMBER_PART = 0.5

/** Serves joiners with large shares of the tables, under a limit of its own: joins are rare and should be quick. */
export class Sharing {
  private readonly state: KelipsState
  private readonly intake: Intake
  private readonly gossip: Gossip
  private readonly bucket: TokenBucket

  constructor(state: KelipsState, intake: Intake, gossip: Gossip) {
    this.state = state
    this.intake = intake
    this.gossip = gossip
    this.bucket = new TokenBucket(SHARE_BYTES_PER_SECOND, SHARE_BURST_BYTES, state.now())
  }

  onPull(from: PeerHandle, pull: Pull): void {
    if (!this.gossip.isAcceptable(from, pull)) return
    this.intake.members([pull.sender], from)
    const share = this.share(from, pull)
    const length = kelipsCodec.encodedLength(share)
    const isAffordable = this.bucket.take(length, this.state.now())
    const poor: Share = { ...share, members: [], pointers: [], more: false, settled: false }
    this.state.environment.send(from, isAffordable ? share : poor)
  }

  private share(from: PeerHandle, pull: Pull): Share {
    const members = this.members(from, Math.min(pull.limit, FIRST_SHARE_MEMBERS))
    const used = members.reduce((sum, entry) => sum + memberCost(entry), 0)
    const { own, settled } = this.state
    const page = pull.filetuples
      ? this.state.filetuples.page({ ...pull, after: pull.key }, MAX_SHARE_BYTES - used, pointerCost)
      : { pointers: [], more: false }
    return {
      type: 'share',
      request: pull.request,
      groups: this.state.statedGroups,
      sender: own.entry(),
      members,
      ...page,
      settled,
    }
  }

  /** Members of the asker's own group first, then everybody else, drawn at random, as many as fit. */
  private members(from: PeerHandle, limit: number): MemberEntry[] {
    const { roster, environment } = this.state
    const isKin = this.state.kinOf(from)
    const isUseful = (peer: PeerHandle) => peer !== from && !roster.isSuspect(peer)
    const all = shuffled(() => environment.random(), [...roster.peers()].filter(isUseful))
    const ordered = [...all.filter(peer => isKin(peer)), ...all.filter(peer => !isKin(peer))]
    let left = MAX_SHARE_BYTES * MEMBER_PART
    const entries: MemberEntry[] = []
    for (const entry of this.state.entriesOf(ordered.slice(0, limit))) {
      left -= memberCost(entry)
      if (left < 0) break
      entries.push(entry)
    }
    return entries
  }
}
