import type { Connection } from '@libp2p/interface'
import { openConnectionTo, type PenaltyLedger } from '@onehop/libp2p-overlay'
import type { Host } from './host.ts'
import type { Introductions } from './introductions.ts'
import type { PeerSummary } from './network-types.ts'
import { summarisePeer } from './peer-summary.ts'
import type { SyncSession } from './sync-session.ts'
import type { TrafficMeter } from './traffic-meter.ts'

/** What is known of connected peers, and by whom. */
export interface ConnectedPeersPort {
  readonly host: Pick<Host<unknown>, 'libp2p' | 'components'>
  readonly introductions: Introductions
  readonly penalties: PenaltyLedger
  readonly meter: TrafficMeter
  session(peerId: string): SyncSession | undefined
}

/** The peers that are connected now, as others want to see them. */
export class ConnectedPeers {
  private readonly port: ConnectedPeersPort

  constructor(port: ConnectedPeersPort) {
    this.port = port
  }

  /** Each by the connection that is used, a direct one where there is one. */
  summaries(): PeerSummary[] {
    const { libp2p, components } = this.port.host
    return libp2p
      .getPeers()
      .map(peer => openConnectionTo(components, peer))
      .filter(connection => connection !== undefined)
      .map(connection => this.summarise(connection))
  }

  /** Direct connections to peers that follow our chain. */
  chainConnections(): Connection[] {
    const { host, introductions } = this.port
    return host.libp2p
      .getConnections()
      .filter(({ status, limits }) => status === 'open' && limits === undefined)
      .filter(({ remotePeer }) => introductions.of(remotePeer.toString())?.speaksSync === true)
  }

  /** Whether there are peers of our chain, and none of them runs the overlay, such as `kelips/1`. */
  allLack(overlay: string): boolean {
    const connections = this.chainConnections()
    const runs = ({ remotePeer }: Connection) =>
      this.port.introductions.of(remotePeer.toString())?.overlay === overlay
    return connections.length > 0 && !connections.some(runs)
  }

  private summarise(connection: Connection): PeerSummary {
    const { introductions, penalties, meter } = this.port
    const peerId = connection.remotePeer.toString()
    const { agent = '', overlay } = introductions.of(peerId) ?? {}
    return summarisePeer({
      connection,
      session: this.port.session(peerId),
      score: penalties.score(peerId),
      agent,
      overlay,
      traffic: meter.of(peerId),
    })
  }
}
