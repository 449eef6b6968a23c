import { type AnnounceAnswer, type AnnounceRequest, announceUrl, parseHttpAnnounce } from '@onehop/swarm'
import { Turns } from '../turns.ts'
import { askHttpTracker } from './http-tracker-client.ts'
import { MAX_ANNOUNCES_AT_ONCE } from './limits.ts'
import { askUdpTracker, type UdpTrackerTools } from './udp-tracker-client.ts'

/** An answer, and the address that it came from. */
export interface TransportedAnswer {
  readonly answer: AnnounceAnswer
  readonly host: string
}

/** Carries announces to trackers: one for all torrents of a session, so that few are under way at once. */
export class TrackerTransport {
  private readonly tools: UdpTrackerTools
  private readonly turns = new Turns(MAX_ANNOUNCES_AT_ONCE)

  constructor(tools: UdpTrackerTools) {
    this.tools = tools
  }

  /** @throws {Error} with what went wrong, for people. */
  announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<TransportedAnswer> {
    return this.turns.take(() =>
      isUdp(url) ? askUdpTracker(url, request, this.tools, signal) : announceByHttp(url, request, signal),
    )
  }
}

function isUdp(url: string): boolean {
  return /^udp:/i.test(url)
}

async function announceByHttp(
  url: string,
  request: AnnounceRequest,
  signal: AbortSignal,
): Promise<TransportedAnswer> {
  const { status, body, host } = await askHttpTracker(announceUrl(url, request), signal)
  const parsed = parseHttpAnnounce(body, request.peerId)
  if (parsed.ok) return { answer: parsed.value, host }
  throw new Error(reasonOf(parsed, status))
}

function reasonOf({ code, detail }: { code: string; detail?: string }, status: number): string {
  if (code === 'tracker-failure') return detail ?? 'it says no'
  return status === 200 ? 'its answer is not a tracker’s' : `it answers with HTTP status ${status}`
}
