import type { Connection } from '@libp2p/interface'
import type { OverlayComponents } from './components.ts'
import { peerKey } from './peer-table.ts'

/** Who is connected, kept up to date by libp2p's events: machines ask for every peer that they consider. */
export class Census {
  private readonly components: OverlayComponents
  /** Open connections, direct ones and relayed ones, by the peer's id as `peerKey` writes it. */
  private readonly connections = new Map<string, Set<Connection>>()

  constructor(components: OverlayComponents) {
    this.components = components
  }

  start(): void {
    for (const connection of this.components.connectionManager.getConnections()) this.add(connection)
    this.components.events.addEventListener('connection:open', this.onOpen)
    this.components.events.addEventListener('connection:close', this.onClose)
  }

  stop(): void {
    this.components.events.removeEventListener('connection:open', this.onOpen)
    this.components.events.removeEventListener('connection:close', this.onClose)
    this.connections.clear()
  }

  isConnected(key: string): boolean {
    return this.connections.has(key)
  }

  private readonly onOpen = ({ detail }: CustomEvent<Connection>): void => this.add(detail)

  private readonly onClose = ({ detail }: CustomEvent<Connection>): void => {
    const key = keyOf(detail)
    const open = this.connections.get(key)
    open?.delete(detail)
    if (open?.size === 0) this.connections.delete(key)
  }

  private add(connection: Connection): void {
    if (connection.status !== 'open') return
    const key = keyOf(connection)
    const open = this.connections.get(key)
    if (open === undefined) this.connections.set(key, new Set([connection]))
    else open.add(connection)
  }
}

function keyOf({ remotePeer }: Connection): string {
  return peerKey(remotePeer.toMultihash().bytes)
}
