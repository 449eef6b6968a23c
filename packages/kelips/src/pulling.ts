import type { Costs, Key, PeerHandle } from '@onehop/overlay'
import { compareBytes } from '@onehop/primitives'
import type { Gossip } from './gossip.ts'
import type { HashRange } from './holders.ts'
import type { Intake } from './intake.ts'
import { FIRST_SHARE_MEMBERS, MAX_PULL_PAGES, MAX_PULL_TRIES } from './limits.ts'
import type { Pull, Reply, Share } from './messages.ts'
import type { Requests, Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/** What is wanted of one page. */
export interface Wanted extends HashRange {
  /** Member entries at most. */
  readonly limit: number
  readonly skip: number
  readonly filetuples: boolean
  /** Only filetuples after this key. */
  readonly key?: Key | undefined
}

/** What became of one source. `busy`: it has named others instead. */
export type Drained = 'complete' | 'incomplete' | 'busy'

/** Asks peers for shares of their tables, page by page. */
export class Pulling {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake
  private readonly gossip: Gossip

  constructor(state: KelipsState, requests: Requests, intake: Intake, gossip: Gossip) {
    this.state = state
    this.requests = requests
    this.intake = intake
    this.gossip = gossip
  }

  /** Everything that the source has of a range: members, all of them if it is in our group, and filetuples. */
  drain(source: PeerHandle, range: HashRange, costs: Costs, done: (drained: Drained) => void): void {
    this.state.handles.hold(source)
    const finish = (drained: Drained) => {
      done(drained)
      this.state.handles.drop(source)
    }
    this.page(source, { limit: FIRST_SHARE_MEMBERS, skip: 0, filetuples: true, ...range }, 1, costs, finish)
  }

  private page(
    source: PeerHandle,
    wanted: Wanted,
    page: number,
    costs: Costs,
    done: (drained: Drained) => void,
  ): void {
    this.ask(source, wanted, costs, share => {
      if (typeof share === 'string') {
        done('incomplete')
        return
      }
      this.intake.members([share.sender, ...share.members], source)
      this.intake.store(share.pointers, source)
      const next = nextPage(wanted, share)
      if (share.busy) done('busy')
      else if (next !== undefined && page < MAX_PULL_PAGES) this.page(source, next, page + 1, costs, done)
      else done(share.settled ? 'complete' : 'incomplete')
    })
  }

  /** One page. It is asked for again when a message got lost; a late answer counts. */
  ask(peer: PeerHandle, wanted: Wanted, costs: Costs, done: (share: Share | Silence) => void): void {
    let isOver = false
    const once = (share: Share | Silence) => {
      if (isOver) return
      isOver = true
      done(share)
    }
    const attempt = (tries: number) => {
      costs.messages++
      costs.attempts++
      this.gossip.expectCensus(peer)
      this.requests.send(peer, request => this.pull(request, wanted), {
        onReply: reply => once(this.acceptable(peer, reply) ?? 'timed out'),
        onSilence: silence => {
          if (isOver) return
          if (silence === 'timed out' && tries < MAX_PULL_TRIES) attempt(tries + 1)
          else once(silence)
        },
      })
    }
    attempt(1)
  }

  /** The answer of a peer of another network is none. */
  private acceptable(peer: PeerHandle, reply: Reply): Share | undefined {
    if (reply.type !== 'share' || !this.gossip.isAcceptable(peer, reply)) return undefined
    this.gossip.hearCensus(peer, reply.census)
    return reply
  }

  private pull(request: number, { key, ...wanted }: Wanted): Pull {
    const { own, statedGroups } = this.state
    const pull = { type: 'pull' as const, request, groups: statedGroups, sender: own.entry(), ...wanted }
    return key === undefined ? pull : { ...pull, key }
  }
}

/** What is left to ask for, unless the source goes round in circles. */
function nextPage(wanted: Wanted, share: Share): Wanted | undefined {
  const last = share.pointers.at(-1)?.key
  const hasMoved = last !== undefined && (wanted.key === undefined || compareBytes(last, wanted.key) > 0)
  const filetuples = wanted.filetuples && share.more && hasMoved
  const hasMoreMembers = share.skip > wanted.skip
  if (!filetuples && !hasMoreMembers) return undefined
  return {
    low: wanted.low,
    high: wanted.high,
    limit: hasMoreMembers ? FIRST_SHARE_MEMBERS : 0,
    skip: hasMoreMembers ? share.skip : wanted.skip,
    filetuples,
    key: filetuples ? last : undefined,
  }
}
