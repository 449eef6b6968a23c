import type { Connection } from '@libp2p/interface'
import type { PeerSummary, PeerSync } from './network-types.ts'
import type { SyncSession } from './sync-session.ts'
import type { Traffic } from './traffic-meter.ts'

/** What is known of a peer. */
export interface PeerParts {
  readonly connection: Connection
  /** Where it speaks the sync protocol. */
  readonly session: SyncSession | undefined
  readonly score: number
  readonly agent: string
  readonly overlay: string | undefined
  readonly traffic: Traffic
}

/** What is told of a peer. */
export function summarisePeer({
  connection,
  session,
  score,
  agent,
  overlay,
  traffic,
}: PeerParts): PeerSummary {
  const sync = session && syncOf(session)
  const height = session?.status?.height
  const latencyMs = session?.latencyMs
  return {
    peerId: connection.remotePeer.toString(),
    address: connection.remoteAddr.toString(),
    direction: connection.direction,
    connectedAtMs: connection.timeline.open,
    ...(sync === undefined ? {} : { sync }),
    ...(height === undefined ? {} : { height }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    score: Math.round(score),
    agent,
    ...(overlay === undefined ? {} : { overlay }),
    traffic: { ...traffic },
  }
}

function syncOf(session: SyncSession): PeerSync | undefined {
  const { status, announcedTip, presyncedHeight, minLatencyMs, lastBlockAtMs, lastTransactionAtMs } = session
  if (status === undefined) return undefined
  return {
    version: status.version,
    tips: announcedTip === undefined ? [status.bestHash] : [status.bestHash, announcedTip],
    inFlight: [...session.blocksInFlight.values()],
    minFeeRate: status.minFeeRate,
    ...(presyncedHeight === undefined ? {} : { presyncedHeight }),
    ...(minLatencyMs === undefined ? {} : { minLatencyMs }),
    ...(lastBlockAtMs === undefined ? {} : { lastBlockAtMs }),
    ...(lastTransactionAtMs === undefined ? {} : { lastTransactionAtMs }),
  }
}
