import {
  Costs,
  internEntry,
  type Outcome,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  pointerName,
} from '@onehop/overlay'
import { BoundedMap, equalBytes, TokenBucket } from '@onehop/primitives'
import type { Children } from './children.ts'
import { DELIVERIES_PER_SECOND, DELIVERY_BURST, MAX_ORIGINS } from './limits.ts'
import type { Push, Receipt } from './messages.ts'
import type { Session } from './session.ts'
import type { FastTrackState } from './state.ts'

/**
 * Deliveries by who cannot be dialled: its supernode, which found it, asks it to come. And what uploads are good for:
 * who got something says so to the provider's supernode.
 */
export class Deliveries {
  private readonly state: FastTrackState
  private readonly children: Children
  private readonly session: Session
  /** Supernodes whose children had what was found. */
  private readonly origins = new BoundedMap<string, PeerEntry>(MAX_ORIGINS)
  private readonly bucket: TokenBucket

  constructor(state: FastTrackState, children: Children, session: Session) {
    this.state = state
    this.children = children
    this.session = session
    this.bucket = new TokenBucket(DELIVERIES_PER_SECOND, DELIVERY_BURST, state.now())
  }

  noteOrigin(pointer: Pointer, supernode: PeerEntry): void {
    this.origins.set(pointerName(pointer), supernode)
  }

  /** This node has got something: its provider's supernode is told. */
  noteDownload(pointer: Pointer): void {
    const { state } = this
    const receipt: Receipt = { type: 'receipt', provider: pointer.provider }
    if (state.isSupernode) this.onReceipt(state.environment.self, receipt)
    this.withSupernodeOf(pointer, peer => state.send(peer, receipt))
  }

  request(pointer: Pointer, done: (outcome: Outcome) => void): void {
    const { state } = this
    const costs = new Costs(state.now())
    costs.messages = 1
    costs.attempts = 1
    const { provider, key } = pointer
    const ask = (peer: PeerHandle) =>
      state.requests.send(
        peer,
        request => ({ type: 'push', request, sender: state.self, provider, key }),
        {
          onReply: () => done(costs.outcome(state.now(), { acknowledgements: 1 })),
          onSilence: failure => done(costs.outcome(state.now(), { failure })),
        },
        { anybody: true, timeoutMs: 4 * state.requests.timeoutMsOf(peer) },
      )
    const isSent = this.withSupernodeOf(pointer, ask) || this.withChild(provider, ask)
    if (!isSent) done(costs.outcome(state.now(), { failure: 'not found' }))
  }

  /** For this node: it goes to who asked. For a child: it is passed on. */
  onPush(push: Push): void {
    const { state } = this
    if (!this.bucket.take(1, state.now())) return
    if (equalBytes(push.provider, state.self.id)) this.come(push)
    else this.withChild(push.provider, child => state.send(child, push))
  }

  /** Counts for children only: others' levels are others' business. */
  onReceipt(from: PeerHandle, { provider }: Receipt): void {
    const { state } = this
    if (!state.isSupernode) return
    this.withChild(provider, () => {
      this.children.reputations.onReceipt(provider, state.environment.idOf(from))
    })
  }

  private come({ request, sender }: Push): void {
    const { handles, environment } = this.state
    handles.with(sender.id, peer => {
      if (peer === environment.self) return
      internEntry(environment as never, sender)
      environment.send(peer, { type: 'giv', request })
    })
  }

  private withSupernodeOf(pointer: Pointer, use: (peer: PeerHandle) => void): boolean {
    const { handles, environment } = this.state
    const supernode = this.origins.get(pointerName(pointer))
    const parent = this.session.parent
    if (supernode === undefined || equalBytes(supernode.id, this.state.self.id)) {
      if (parent !== undefined) use(parent)
      return parent !== undefined
    }
    handles.with(supernode.id, peer => {
      internEntry(environment as never, supernode)
      use(peer)
    })
    return true
  }

  private withChild(id: Uint8Array, use: (peer: PeerHandle) => void): boolean {
    return this.state.handles.with(id, peer => {
      const isChild = this.children.get(peer) !== undefined
      if (isChild) use(peer)
      return isChild
    })
  }
}
