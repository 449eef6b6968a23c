import { attemptDecode, type RandomSource, randomBelow } from '@onehop/primitives'
import type { AnnounceAnswer, AnnounceRequest } from './announce.ts'
import { UDP_CONNECTION_MS, UDP_SENDINGS, UDP_TIMEOUT_MS } from './limits.ts'
import {
  decodeUdpAnswer,
  encodeUdpAnnounce,
  encodeUdpConnect,
  type UdpAnnounceAnswer,
} from './udp-packets.ts'

/** Where an exchange stands after a packet or a time-out. */
export type UdpStep =
  /** Send this packet, and wait until {@link UdpExchange.deadlineMs}. */
  | { readonly kind: 'send'; readonly packet: Uint8Array }
  /** Go on waiting: the packet was not for us. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'announced'; readonly answer: AnnounceAnswer }
  | { readonly kind: 'failed'; readonly reason: string }

/** One announce over UDP (BEP 15): connects, announces, and sends again what got no answer. */
export class UdpExchange {
  /** When {@link onTimeout} wants to be called, unless a packet comes before. */
  deadlineMs = 0
  private readonly request: AnnounceRequest
  private readonly random: RandomSource
  private readonly family: 4 | 6
  private connection: { readonly id: Uint8Array; readonly expiresMs: number } | undefined
  private transaction = 0
  private awaits: 'connect' | 'announce' = 'connect'
  private sendings = 0

  /** @param family of the tracker's address. */
  constructor(request: AnnounceRequest, family: 4 | 6, random: RandomSource) {
    this.request = request
    this.family = family
    this.random = random
  }

  /** The first packet. */
  start(nowMs: number): Uint8Array {
    return this.send(nowMs)
  }

  /** What the tracker, or someone who pretends to be it, has sent. */
  onPacket(bytes: Uint8Array, nowMs: number): UdpStep {
    const decoded = attemptDecode('bad-tracker-packet', () => decodeUdpAnswer(bytes, this.family))
    if (!decoded.ok || decoded.value.transaction !== this.transaction) return { kind: 'wait' }
    return this.onAnswer(decoded.value, nowMs)
  }

  private onAnswer(message: UdpAnnounceAnswer, nowMs: number): UdpStep {
    if (message.action === 'error') return { kind: 'failed', reason: message.message || 'it says no' }
    if (message.action !== this.awaits) return { kind: 'wait' }
    if (message.action === 'announce') return { kind: 'announced', answer: message.answer }
    this.connection = { id: message.connectionId, expiresMs: nowMs + UDP_CONNECTION_MS }
    this.sendings = 0
    return { kind: 'send', packet: this.send(nowMs) }
  }

  /** No answer came in time: sends again, 15 · 2ⁿ seconds each, or gives up. */
  onTimeout(nowMs: number): UdpStep {
    if (this.sendings >= UDP_SENDINGS) return { kind: 'failed', reason: 'it does not answer' }
    return { kind: 'send', packet: this.send(nowMs) }
  }

  private send(nowMs: number): Uint8Array {
    this.deadlineMs = nowMs + UDP_TIMEOUT_MS * 2 ** this.sendings
    this.sendings++
    this.transaction = randomBelow(this.random, 2 ** 32)
    const { connection, request } = this
    if (connection === undefined || connection.expiresMs <= nowMs) {
      this.awaits = 'connect'
      return encodeUdpConnect(this.transaction)
    }
    this.awaits = 'announce'
    return encodeUdpAnnounce(connection.id, this.transaction, request)
  }
}
