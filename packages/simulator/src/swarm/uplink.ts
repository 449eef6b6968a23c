import { BANDWIDTH_INTERVAL_MS, type BlockRange, type PeerKey, type TorrentMachine } from '@onehop/swarm'
import type { VirtualClock } from '../virtual-clock.ts'
import { WINDOW_BLOCKS } from './swarm-limits.ts'

/** What an uplink sends through. */
export interface UplinkOwner {
  readonly clock: VirtualClock
  readonly machine: TorrentMachine
  /** Blocks on the way to the peer; undefined when it is gone. */
  inFlightTo(peer: PeerKey): number | undefined
  /** The last byte of the block has left. */
  onSent(peer: PeerKey, range: BlockRange): void
}

/**
 * A node's upload: one block after the other at its rate, from the connections that have something to send in turn. So
 * connections share it evenly, as TCP's do, unless the machine gives them no block; and one whose receiver is slow has
 * {@link WINDOW_BLOCKS} on the way and waits.
 */
export class Uplink {
  private readonly owner: UplinkOwner
  private readonly bytesPerMs: number
  private readonly ring: PeerKey[] = []
  private readonly inRing = new Set<PeerKey>()
  private isBusy = false
  private isWaitingForBandwidth = false
  /** When the last block has left, fractions and all: blocks do not end on whole milliseconds. */
  private freeMs = 0

  constructor(owner: UplinkOwner, bytesPerSecond: number) {
    this.owner = owner
    this.bytesPerMs = bytesPerSecond / 1000
  }

  /** The machine may have a block for the peer. It is asked a moment later, as it does not want to be called back at once. */
  ready(peer: PeerKey): void {
    if (!this.inRing.has(peer)) {
      this.inRing.add(peer)
      this.ring.push(peer)
    }
    if (this.isBusy) return
    this.isBusy = true
    this.freeMs = this.owner.clock.elapsedMs
    this.owner.clock.setTimer(0, () => this.next())
  }

  private next(): void {
    const peer = this.ring.shift()
    if (peer === undefined) {
      this.isBusy = false
      this.waitForBandwidth()
      return
    }
    this.inRing.delete(peer)
    const inFlight = this.owner.inFlightTo(peer)
    const isOpen = inFlight !== undefined && inFlight < WINDOW_BLOCKS
    const range = isOpen ? this.owner.machine.takeUpload(peer) : undefined
    if (range) this.transmit(peer, range)
    else this.next()
  }

  private transmit(peer: PeerKey, range: BlockRange): void {
    const { clock } = this.owner
    this.freeMs += range.length / this.bytesPerMs
    this.inRing.add(peer)
    this.ring.push(peer)
    clock.setTimer(Math.max(0, this.freeMs - clock.elapsedMs), () => {
      this.owner.onSent(peer, range)
      this.next()
    })
  }

  private waitForBandwidth(): void {
    if (this.isWaitingForBandwidth || !this.owner.machine.isHeldBack) return
    this.isWaitingForBandwidth = true
    this.owner.clock.setTimer(BANDWIDTH_INTERVAL_MS, () => {
      this.isWaitingForBandwidth = false
      this.owner.machine.releaseBandwidth()
      if (!this.isBusy) this.waitForBandwidth()
    })
  }
}
