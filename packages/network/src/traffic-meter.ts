import type { MultiaddrConnection, PeerId } from '@libp2p/interface'
import { isRelayed } from '@onehop/libp2p-overlay'

/** What went over connections, encryption included. */
export interface Traffic {
  readonly sentBytes: number
  readonly receivedBytes: number
  /** When bytes went last, in ms of the meter's clock; undefined before the first. */
  readonly lastSentMs: number | undefined
  readonly lastReceivedMs: number | undefined
}

type Counter = { -readonly [K in keyof Traffic]: Traffic[K] }

/** Counts the bytes of every connection from the end of its handshake on. */
export class TrafficMeter {
  private readonly now: () => number
  private readonly counters = new Map<string, Counter>()
  private readonly all = emptyCounter()

  constructor(now: () => number) {
    this.now = now
  }

  /** Of all peers, whether they are still there or not. */
  get total(): Traffic {
    return this.all
  }

  /** Of the peer's connections that are open. */
  of(peerId: string): Traffic {
    return this.counters.get(peerId) ?? emptyCounter()
  }

  /** Counts on this connection of the peer, too. */
  attach(peerId: PeerId, connection: MultiaddrConnection): void {
    const key = peerId.toString()
    const counter = this.counters.get(key) ?? emptyCounter()
    this.counters.set(key, counter)
    // What comes through a relay is counted in all as bytes of the relay's connection already.
    const counters = isRelayed(connection.remoteAddr) ? [counter] : [counter, this.all]
    connection.addEventListener('message', ({ data }) => this.onReceived(counters, data.byteLength))
    const send = connection.send.bind(connection)
    connection.send = data => {
      this.onSent(counters, data.byteLength)
      return send(data)
    }
  }

  /** The peer has no connection any more. */
  detach(peerId: string): void {
    this.counters.delete(peerId)
  }

  private onReceived(counters: readonly Counter[], bytes: number): void {
    for (const each of counters) {
      each.receivedBytes += bytes
      each.lastReceivedMs = this.now()
    }
  }

  private onSent(counters: readonly Counter[], bytes: number): void {
    for (const each of counters) {
      each.sentBytes += bytes
      each.lastSentMs = this.now()
    }
  }
}

function emptyCounter(): Counter {
  return { sentBytes: 0, receivedBytes: 0, lastSentMs: undefined, lastReceivedMs: undefined }
}
