import type { PastryMessage } from '@onehop/classic-overlays'
import type { Key } from '@onehop/overlay'
import type { Simulation } from '../simulation.ts'

/** The way that a lookup went: how far each hop was, and how far its end was from where it began. */
export interface Way {
  readonly hopsMs: readonly number[]
  readonly directMs: number
}

interface Begun {
  readonly from: number
  at: number
  readonly hopsMs: number[]
}

/** Watches lookups on their way through a network. */
export class PastryRoutes {
  private readonly simulation: Simulation<PastryMessage>
  /** By the key, which the messages of one lookup share. */
  private readonly begun = new Map<Key, Begun>()

  constructor(simulation: Simulation<PastryMessage>) {
    this.simulation = simulation
    simulation.network.onSend = (from, to, message) => this.onSend(from, to, message)
  }

  /** The ways since the last call. Those of lookups that their own node could answer are empty. */
  take(): Way[] {
    const ways = [...this.begun.values()].map(({ from, at, hopsMs }) => ({
      hopsMs,
      directMs: hopsMs.length === 0 ? 0 : this.oneWayMs(from, at),
    }))
    this.begun.clear()
    return ways
  }

  stop(): void {
    this.simulation.network.onSend = undefined
  }

  /** A lookup begins. */
  watch(from: number, key: Key): void {
    this.begun.set(key, { from, at: from, hopsMs: [] })
  }

  /** A hop that was in vain is taken back when another goes out from the same node. */
  private onSend(from: number, to: number, message: PastryMessage): void {
    if (message.type !== 'route' || message.errand !== 'get') return
    const way = this.begun.get(message.key)
    if (way === undefined) return
    way.hopsMs.length = Math.min(way.hopsMs.length, message.hops - 1)
    way.hopsMs.push(this.oneWayMs(from, to))
    way.at = to
  }

  private oneWayMs(from: number, to: number): number {
    return (this.simulation.network.roundTripMs(from, to) ?? 0) / 2
  }
}
