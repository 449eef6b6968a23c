import type { Logger } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { MessageCodec, OverlayMachine, PeerHandle } from '@onehop/overlay'
import { attemptDecode, describeRejection } from '@onehop/primitives'
import { MALFORMED_PENALTY_POINTS } from './limits.ts'
import type { PeerTable } from './peer-table.ts'
import type { PenaltyLedger } from './penalty-ledger.ts'
import type { VerificationQueue } from './signer.ts'
import type { OverlayCounters } from './stats.ts'

/** What messages need on their way in. */
export interface InboxParts<Message> {
  readonly codec: MessageCodec<Message>
  readonly table: PeerTable
  readonly verification: VerificationQueue
  readonly penalties: PenaltyLedger
  readonly counters: OverlayCounters
  readonly log: Logger
  machine(): OverlayMachine<Message> | undefined
  /** Called before the machine has the message. */
  onMessage(peerId: string): void
}

/** From a frame to the machine: decodes, names the sender, and keeps out what cannot be dealt with now. */
export class Inbox<Message> {
  private readonly parts: InboxParts<Message>

  constructor(parts: InboxParts<Message>) {
    this.parts = parts
  }

  receive(peerId: string, frame: Uint8Array): void {
    const { codec, counters, penalties, verification } = this.parts
    if (verification.isSaturatedBy(peerId)) {
      counters.onDropped()
      return
    }
    counters.onReceived(frame.length)
    const decoded = attemptDecode('malformed-message', () => codec.decode(frame))
    if (decoded.ok) this.deliver(peerId, decoded.value)
    else penalties.penalise(peerId, MALFORMED_PENALTY_POINTS, describeRejection(decoded))
  }

  private deliver(peerId: string, message: Message): void {
    const { table, counters, verification } = this.parts
    this.parts.onMessage(peerId)
    const known = table.findByText(peerId)
    if (known === undefined && table.isFull) {
      counters.onDropped()
      return
    }
    const from = known ?? table.intern(peerIdFromString(peerId).toMultihash().bytes)
    verification.onAccountOf(peerId, () => this.hand(from, message))
  }

  /** A machine never throws for what a peer sent; if one does, that is a bug to be seen, and the stream ends. */
  private hand(from: PeerHandle, message: Message): void {
    try {
      this.parts.machine()?.receive(from, message)
    } catch (error) {
      this.parts.log.error('the machine failed at a message: %e', error)
      throw error
    }
  }
}
