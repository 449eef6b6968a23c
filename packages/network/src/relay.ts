import {
  type CircuitRelayServerComponents,
  type CircuitRelayService,
  circuitRelayServer,
  circuitRelayTransport,
} from '@libp2p/circuit-relay-v2'
import type { PeerId } from '@libp2p/interface'
import {
  MAX_RELAY_RESERVATIONS,
  MAX_RELAYED_CONNECTIONS_PER_PEER,
  RELAY_RESERVATION_MS,
  RELAYED_CONNECTION_BYTES,
  RELAYED_CONNECTION_MS,
  RELAYS_WANTED,
} from './limits.ts'

/** What a node that listens nowhere listens on: as many connected peers as wanted relay to it (circuit relay v2). */
export const RELAYED_LISTEN: readonly string[] = Array.from({ length: RELAYS_WANTED }, () => '/p2p-circuit')

/** A relay that was lost and comes back is as good as a new one. */
const NEVER_MET = { has: () => false, add: () => {}, remove: () => {} }

/** Dials through relays; and, listening on {@link RELAYED_LISTEN}, is dialled through them. */
export function relayTransport(): ReturnType<typeof circuitRelayTransport> {
  return circuitRelayTransport({
    discoveryFilter: NEVER_MET,
    maxInboundStopStreams: MAX_RELAYED_CONNECTIONS_PER_PEER,
  })
}

/** Relays to peers that nobody can dial: for nodes that can be dialled. */
export function relayServer(): (components: CircuitRelayServerComponents) => CircuitRelayService {
  return circuitRelayServer({
    maxInboundHopStreams: MAX_RELAYED_CONNECTIONS_PER_PEER,
    maxOutboundStopStreams: MAX_RELAYED_CONNECTIONS_PER_PEER,
    reservations: {
      maxReservations: MAX_RELAY_RESERVATIONS,
      reservationTtl: RELAY_RESERVATION_MS,
      defaultDurationLimit: RELAYED_CONNECTION_MS,
      defaultDataLimit: BigInt(RELAYED_CONNECTION_BYTES),
    },
  })
}

/** A peer that is gone needs its place no more: libp2p would keep it until the reservation expires. */
export function freeReservation(relay: CircuitRelayService | undefined, peerId: PeerId): void {
  relay?.reservations.get(peerId)?.signal.clear()
  relay?.reservations.delete(peerId)
}
