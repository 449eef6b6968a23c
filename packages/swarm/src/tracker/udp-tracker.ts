import { attemptDecode, ByteWriter, equalBytes, sipHash24, utf8Encode } from '@onehop/primitives'
import { formatIpAddress } from '../peer-address.ts'
import { UDP_CONNECTION_PERIOD_MS } from './limits.ts'
import type { TrackerRegistry } from './tracker-registry.ts'
import { decodeUdpRequest, encodeUdpAnswer, type UdpTrackerRequest } from './udp-packets.ts'

/** Where a packet came from, as the tracker sees it. */
export interface UdpSender {
  /** An IP address. */
  readonly host: string
  /** Whether it may say that it is somewhere else. */
  readonly mayClaimAddress: boolean
}

/**
 * The tracker's side of BEP 15. It keeps nothing for who only connects: a connection id is a keyed hash of the address
 * and the time, so that nobody can announce an address at which he does not receive.
 */
export class UdpTracker {
  private readonly registry: TrackerRegistry
  private readonly secret: Uint8Array

  /** @param secret 16 random bytes. */
  constructor(registry: TrackerRegistry, secret: Uint8Array) {
    this.registry = registry
    this.secret = secret
  }

  /** The answer to a packet; undefined for what gets none. It is never longer than a few times the question. */
  answer(packet: Uint8Array, sender: UdpSender, nowMs: number): Uint8Array | undefined {
    const request = attemptDecode('bad-udp-request', () => decodeUdpRequest(packet))
    if (!request.ok) return undefined
    if (request.value.action === 'connect') {
      const connectionId = this.connectionId(sender.host, periodOf(nowMs))
      return encodeUdpAnswer({ ...request.value, connectionId })
    }
    if (!this.isConnected(request.value.connectionId, sender, nowMs)) return undefined
    return request.value.action === 'scrape'
      ? encodeUdpAnswer({ ...request.value, entries: this.registry.scrape(request.value.infohashes) })
      : this.announce(request.value, sender, nowMs)
  }

  private announce(
    message: UdpTrackerRequest & { action: 'announce' },
    sender: UdpSender,
    nowMs: number,
  ): Uint8Array {
    const { request, transaction, claimedIpv4 } = message
    const host = sender.mayClaimAddress && claimedIpv4 ? formatIpAddress(claimedIpv4) : sender.host
    const answer = this.registry.announce(request, host, nowMs)
    if (!answer.ok) {
      return encodeUdpAnswer({ action: 'error', transaction, message: answer.detail ?? answer.code })
    }
    const family = sender.host.includes(':') ? 6 : 4
    return encodeUdpAnswer({ action: 'announce', transaction, answer: answer.value }, family)
  }

  private isConnected(id: Uint8Array, { host }: UdpSender, nowMs: number): boolean {
    const period = periodOf(nowMs)
    return [period, period - 1].some(each => equalBytes(id, this.connectionId(host, each)))
  }

  /** Of the host alone: libtorrent uses one connection id for all sockets of a process. */
  private connectionId(host: string, period: number): Uint8Array {
    return new ByteWriter().writeUint64(sipHash24(this.secret, utf8Encode(`${host} ${period}`))).toBytes()
  }
}

function periodOf(nowMs: number): number {
  return Math.floor(nowMs / UDP_CONNECTION_PERIOD_MS)
}
