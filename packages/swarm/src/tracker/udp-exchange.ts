import { attemptDecode, type RandomSource, randomBelow } from '@onehop/primitives'
import type { InfoHash } from '../metainfo/infohash.ts'
import type { AnnounceAnswer, AnnounceRequest, ScrapeEntry } from './announce.ts'
import { UDP_CONNECTION_MS, UDP_SENDINGS, UDP_TIMEOUT_MS } from './limits.ts'
import {
  decodeUdpAnswer,
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
  type UdpTrackerAnswer,
} from './udp-packets.ts'

/** What is asked of a tracker over UDP. */
export type UdpQuestion =
  | { readonly kind: 'announce'; readonly request: AnnounceRequest }
  | { readonly kind: 'scrape'; readonly infohashes: readonly InfoHash[] }

/** Where an exchange stands after a packet or a time-out. */
export type UdpStep =
  /** Send this packet, and wait until {@link UdpExchange.deadlineMs}. */
  | { readonly kind: 'send'; readonly packet: Uint8Array }
  /** Go on waiting: the packet was not for us. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'announced'; readonly answer: AnnounceAnswer }
  | { readonly kind: 'scraped'; readonly entries: readonly ScrapeEntry[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** One announce or scrape over UDP (BEP 15): connects, asks, and sends again what got no answer. */
export class UdpExchange {
  /** When {@link onTimeout} wants to be called, unless a packet comes before. */
  deadlineMs = 0
  private readonly question: UdpQuestion
  private readonly random: RandomSource
  private readonly family: 4 | 6
  private connection: { readonly id: Uint8Array; readonly expiresMs: number } | undefined
  private transaction = 0
  private awaits: 'connect' | 'announce' | 'scrape' = 'connect'
  private sendings = 0

  /** @param family of the tracker's address. */
  constructor(question: UdpQuestion, family: 4 | 6, random: RandomSource) {
    this.question = question
    this.family = family
    this.random = random
  }

  /** The first packet. */
  start(nowMs: number): Uint8Array {
    return this.send(nowMs)
  }

  /** What the tracker, or someone who pretends to be it, has sent. */
  onPacket(bytes: Uint8Array, nowMs: number): UdpStep {
    const scraped = this.question.kind === 'scrape' ? this.question.infohashes : []
    const decoded = attemptDecode('bad-tracker-packet', () => decodeUdpAnswer(bytes, this.family, scraped))
    if (!decoded.ok || decoded.value.transaction !== this.transaction) return { kind: 'wait' }
    return this.onAnswer(decoded.value, nowMs)
  }

  private onAnswer(message: UdpTrackerAnswer, nowMs: number): UdpStep {
    if (message.action === 'error') return { kind: 'failed', reason: message.message || 'it says no' }
    if (message.action !== this.awaits) return { kind: 'wait' }
    if (message.action === 'announce') return { kind: 'announced', answer: message.answer }
    if (message.action === 'scrape') return { kind: 'scraped', entries: message.entries }
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
    const { connection, question } = this
    if (connection === undefined || connection.expiresMs <= nowMs) {
      this.awaits = 'connect'
      return encodeUdpConnect(this.transaction)
    }
    this.awaits = question.kind
    return question.kind === 'announce'
      ? encodeUdpAnnounce(connection.id, this.transaction, question.request)
      : encodeUdpScrape(connection.id, this.transaction, question.infohashes)
  }
}
