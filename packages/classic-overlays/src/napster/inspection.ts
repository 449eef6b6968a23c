import type { Inspection, PeerEntry, PeerId, Pointer } from '@onehop/overlay'
import { peerEntryFieldLength } from '@onehop/overlay'
import { bytesToHex, encodeBase58 } from '@onehop/primitives'
import type { Client } from './client.ts'
import { INSPECTED_ENTRIES } from './limits.ts'
import type { Server } from './server.ts'
import type { NapsterState } from './state.ts'

/** A Napster node's tables, as people read them. */
export interface NapsterInspection extends Inspection {
  readonly protocol: 'napster/1'
  readonly role: 'server' | 'client'
  /** As a client: `in` when it is logged in. */
  readonly phase: 'server' | Client['phase']
  /** A server, or logged in at one. */
  readonly settled: boolean
  /** The server at which this client is logged in. */
  readonly server?: string
  readonly servers: readonly object[]
  /** Clients that are logged in here. */
  readonly clientCount: number
  /** At most {@link INSPECTED_ENTRIES} of them. */
  readonly clients: readonly object[]
  /** Pointers in the list, this node's own included. */
  readonly load: number
  readonly keys: number
  /** At most {@link INSPECTED_ENTRIES} of the list. */
  readonly directory: readonly object[]
  readonly publications: number
  /** Of them, those that the server has still to hear of. */
  readonly unconfirmed: number
  readonly memoryBytes: number
}

/** A plain snapshot: JSON values only. */
export function inspectNapster(
  state: NapsterState,
  client: Client,
  server: Server | undefined,
): NapsterInspection {
  const common = {
    protocol: 'napster/1' as const,
    publications: state.own.size,
    unconfirmed: client.uploads.size,
  }
  return server === undefined
    ? { ...common, ...inspectClient(state, client) }
    : { ...common, ...inspectServer(state, server) }
}

function inspectClient(state: NapsterState, client: Client) {
  const { environment } = state
  const own = client.server
  const bytes = client.servers.reduce((sum, entry) => sum + peerEntryFieldLength(1, entry), 0)
  return {
    role: 'client' as const,
    phase: client.phase,
    settled: client.phase === 'in',
    ...(own === undefined ? {} : { server: idText(environment.idOf(own)) }),
    servers: client.servers.map(inspectEntry),
    clientCount: 0,
    clients: [],
    load: 0,
    keys: 0,
    directory: [],
    memoryBytes: bytes,
  }
}

function inspectServer(state: NapsterState, { sessions, links }: Server) {
  const { directory } = sessions
  return {
    role: 'server' as const,
    phase: 'server' as const,
    settled: true,
    servers: [...links.all()].map(({ entry, clients, heardMs }) => ({
      ...inspectEntry(entry),
      clients,
      heardMsAgo: state.nowMs - heardMs,
    })),
    clientCount: sessions.size,
    clients: first(sessions.entries(), ([, { list, heardMs }]) => ({
      peerId: idText(list.id),
      pointers: list.pointers.size,
      heardMsAgo: state.nowMs - heardMs,
    })),
    load: directory.size,
    keys: directory.keyCount,
    directory: first(directory.all(), inspectPointer),
    memoryBytes: sessions.byteLength + links.byteLength,
  }
}

function first<T>(items: Iterable<T>, inspect: (item: T) => object): object[] {
  const inspected: object[] = []
  for (const item of items) {
    if (inspected.length === INSPECTED_ENTRIES) break
    inspected.push(inspect(item))
  }
  return inspected
}

function inspectEntry({ id }: PeerEntry): { readonly peerId: string } {
  return { peerId: idText(id) }
}

function inspectPointer({ key, kind, displayName, provider, expiresAt, withdrawn }: Pointer): object {
  return {
    key: bytesToHex(key),
    kind,
    ...(displayName === undefined ? {} : { displayName }),
    provider: idText(provider),
    expiresAt,
    ...(withdrawn ? { withdrawn } : {}),
  }
}

/** The id as libp2p writes it: Base58 of its multihash. */
function idText(id: PeerId): string {
  return encodeBase58(id)
}
