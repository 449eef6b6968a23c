import { internEntry, type PeerEntry, type PeerHandle, type Requests } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import type { Contact } from './contact.ts'
import { LeafSet } from './leaf-set.ts'
import { MAX_PENDING_PROBES } from './limits.ts'
import type { Exchange, Hello, PastryMessage, Ping, Reply, RowAsk } from './messages.ts'
import { equalIds, nodeIdOf } from './node-id.ts'
import type { PastryState } from './state.ts'

/** Neighbours on either side whose leaf sets a newcomer asks for. */
const TELLING_NEIGHBOURS = 2

/** A contact that nothing is known of but what others say. */
function imagined(entry: PeerEntry): Contact {
  const peer = -1 as PeerHandle
  const id = nodeIdOf(entry.id)
  return { peer, id, entry, rttMs: 0, heardMs: 0, isSuspect: false, pullsUntilMs: 0 }
}

/**
 * Getting to know others. Nobody enters the tables by hearsay: who is named by others and would fit is asked first, so
 * neither the dead nor the invented get in, and every round-trip time is measured by us.
 */
export class Acquaintance {
  private readonly state: PastryState
  private readonly requests: Requests<PastryMessage, Reply>
  /** Peers being asked, by their ids, and whether they are to be in the leaf set. */
  private readonly probed = new Map<string, PeerEntry | undefined>()
  private greetings = 0
  private readonly whenGreeted: (() => void)[] = []

  constructor(state: PastryState, requests: Requests<PastryMessage, Reply>) {
    this.state = state
    this.requests = requests
  }

  get pendingProbes(): number {
    return this.probed.size
  }

  /** Looks at peers that somebody has named. @param improves also those who might be nearer than whom we know. */
  consider(entries: readonly PeerEntry[], improves = false): void {
    const unknown = entries.filter(entry => this.isNews(entry))
    if (unknown.length === 0) return
    const leaves = this.expectedLeaves(unknown)
    for (const entry of unknown) {
      const isLeaf = leaves?.members.some(member => member.entry === entry)
      if (leaves !== undefined && isLeaf) this.greet(entry, this.isToldEnoughBy(leaves, entry))
      else if (improves || this.state.table.hasRoomFor(nodeIdOf(entry.id))) this.measure(entry)
    }
  }

  /** Calls back when all who have been greeted so far, and whom they named, have answered or let their time pass. */
  afterGreetings(done: () => void): void {
    if (this.greetings === 0) done()
    else this.whenGreeted.push(done)
  }

  /** Tells a peer that we should be in its leaf set. @param brief its own is not asked for. */
  greet(entry: PeerEntry, brief = false): void {
    this.probe(entry, true, peer => {
      this.greetings++
      const { own, phase } = this.state
      const joining = phase === 'entering'
      const timeoutMs = Math.max(this.requests.timeoutMsOf(peer), this.state.options.defaultTimeoutMs)
      this.requests.send(
        peer,
        request => ({ type: 'hello', request, joining, brief, sender: own }),
        {
          onReply: (reply, from) => {
            this.probed.delete(bytesKey(entry.id))
            if (reply.type === 'leaves') this.onLeaves(from, reply.sender, reply.members)
            this.onGreeted()
          },
          onSilence: () => {
            this.probed.delete(bytesKey(entry.id))
            this.onGreeted()
          },
        },
        { timeoutMs },
      )
    })
  }

  /** Compares leaf sets with a contact. */
  exchange(contact: Contact, onSilence: () => void): void {
    const { own, leafSet } = this.state
    const members = leafSet.members.map(({ entry }) => entry)
    this.requests.send(contact.peer, request => ({ type: 'exchange', request, sender: own, members }), {
      onReply: (reply, from) => {
        if (reply.type === 'leaves') this.onLeaves(from, reply.sender, reply.members)
      },
      onSilence,
    })
  }

  /** Asks for a row, and looks at who is in it. */
  askRow(contact: Contact, row: number, onSilence: () => void): void {
    this.requests.send(contact.peer, request => ({ type: 'row-ask', request, joining: false, row }), {
      onReply: reply => {
        if (reply.type === 'row') this.consider(reply.members, true)
      },
      onSilence,
    })
  }

  onLeaves(from: PeerHandle, sender: PeerEntry, members: readonly PeerEntry[]): void {
    if (!this.state.isSender(from, sender)) return
    this.admit(from, sender)
    this.consider(members)
  }

  /** A leaf set that was looked for far away: whose it is has not asked for us, and is asked itself. */
  onNamed(from: PeerHandle, sender: PeerEntry, members: readonly PeerEntry[]): void {
    if (this.state.isSender(from, sender)) this.consider([sender, ...members])
  }

  onHello(from: PeerHandle, { request, joining, brief, sender }: Hello): void {
    if (!this.state.isInNetwork || !this.state.isSender(from, sender)) return
    this.sendLeaves(from, request, joining, brief ? [] : this.state.leafSet.members)
    const contact = this.admit(from, sender)
    if (contact !== undefined && joining)
      contact.pullsUntilMs = this.state.now() + 2 * this.state.options.routeTimeoutMs
  }

  onExchange(from: PeerHandle, { request, sender, members }: Exchange): void {
    if (!this.state.isInNetwork || !this.state.isSender(from, sender)) return
    this.sendLeaves(from, request, false, this.state.leafSet.members)
    this.admit(from, sender)
    this.consider(members)
  }

  onPing(from: PeerHandle, { request, joining, sender }: Ping): void {
    if (!this.state.isInNetwork) return
    this.state.environment.send(from, { type: 'pong', request, joining })
    if (sender === undefined || !this.state.isSender(from, sender)) return
    if (this.state.table.hasRoomFor(nodeIdOf(sender.id))) this.admit(from, sender)
  }

  onRowAsk(from: PeerHandle, { request, joining, row }: RowAsk): void {
    if (!this.state.isInNetwork) return
    const members = this.state.table.row(row).map(({ entry }) => entry)
    this.state.environment.send(from, { type: 'row', request, joining, members })
  }

  /** Whether there is anything to ask the peer: those who stand where they should need not be asked. */
  private isNews(entry: PeerEntry): boolean {
    const { ownId, leafSet, table, neighbourhood } = this.state
    const id = nodeIdOf(entry.id)
    if (equalIds(id, ownId) || leafSet.hasId(id)) return false
    if (leafSet.fits(id)) return !this.isRecentlyDeparted(entry)
    const known = table.at(id)
    if ((known !== undefined && equalIds(known.id, id)) || neighbourhood.hasId(id)) return false
    return !this.isRecentlyDeparted(entry)
  }

  /**
   * Those of the peers that would be in the leaf set if all of them were there, and all who are being greeted: a newcomer,
   * whose leaf set takes everybody, greets no more than it will keep.
   */
  private expectedLeaves(entries: readonly PeerEntry[]): LeafSet | undefined {
    const { leafSet, ownId, options } = this.state
    if (!entries.some(({ id }) => leafSet.fits(nodeIdOf(id)))) return undefined
    const expected = new LeafSet(ownId, options.leafSetSize)
    const candidates = [...this.probed.values(), ...entries].filter(entry => entry !== undefined)
    for (const member of leafSet.members) expected.add(member)
    for (const entry of candidates) expected.add(imagined(entry))
    return expected
  }

  /**
   * A newcomer has been told of its neighbours by the node closest to it; whether that knows all of them, it hears from
   * those next to it and from the ends. The leaf sets of the others say the same.
   */
  private isToldEnoughBy({ larger, smaller }: LeafSet, entry: PeerEntry): boolean {
    if (this.state.phase !== 'entering') return false
    return ![larger, smaller].some(side => {
      const telling = [...side.slice(0, TELLING_NEIGHBOURS), side.at(-1)]
      return telling.some(member => member?.entry === entry)
    })
  }

  private sendLeaves(to: PeerHandle, request: number, joining: boolean, leaves: readonly Contact[]): void {
    const { environment, own } = this.state
    const members = leaves.map(({ entry }) => entry)
    environment.send(to, { type: 'leaves', request, joining, hops: 0, sender: own, members })
  }

  /** Takes in who has just sent something. */
  private admit(peer: PeerHandle, entry: PeerEntry): Contact | undefined {
    if (entry.addresses.length > 0) this.state.environment.learnAddresses(peer, entry.addresses)
    const rttMs = this.requests.roundTripMs(peer) ?? Number.POSITIVE_INFINITY
    return this.state.admit(peer, entry, rttMs)
  }

  /** Measures a peer that could stand in the routing table. */
  private measure(entry: PeerEntry): void {
    this.probe(entry, false, peer => {
      const { own, phase } = this.state
      const joining = phase === 'entering'
      this.requests.send(peer, request => ({ type: 'ping', request, joining, sender: own }), {
        onReply: (_reply, from) => {
          this.probed.delete(bytesKey(entry.id))
          this.admit(from, entry)
        },
        onSilence: () => this.probed.delete(bytesKey(entry.id)),
      })
    })
  }

  private probe(entry: PeerEntry, isLeaf: boolean, ask: (peer: PeerHandle) => void): void {
    const name = bytesKey(entry.id)
    if (this.probed.size >= MAX_PENDING_PROBES || this.probed.has(name)) return
    this.probed.set(name, isLeaf ? entry : undefined)
    this.state.handles.while(internEntry(this.state.environment, entry), ask)
  }

  /** Others may not have noticed yet that it is gone. */
  private isRecentlyDeparted(entry: PeerEntry): boolean {
    if (this.state.departed.size === 0) return false
    const departed = this.state.departed.get(bytesKey(entry.id))
    return departed !== undefined && this.state.now() - departed.atMs < 2 * this.state.options.keepAliveMs
  }

  private onGreeted(): void {
    this.greetings--
    if (this.greetings > 0) return
    for (const done of this.whenGreeted.splice(0)) done()
  }
}
