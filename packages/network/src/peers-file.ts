import { readFile, rename, writeFile } from 'node:fs/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Candidate } from './connection-keeper.ts'
import { MAX_SAVED_ADDRESSES_PER_PEER, MAX_SAVED_PEERS } from './limits.ts'
import type { NetworkLog } from './network-types.ts'

const OWNER_ONLY = 0o600

/**
 * Peers that a node knew, for the time after a restart: an introducer that comes back at another address finds the
 * others by it. A file that is lost or damaged costs only that.
 */
export class PeersFile {
  private readonly path: string
  private readonly log: NetworkLog
  private saved = ''
  private isSaving = false

  constructor(path: string, log: NetworkLog) {
    this.path = path
    this.log = log
  }

  async load(): Promise<Candidate[]> {
    try {
      const contents = await readFile(this.path, 'utf8')
      this.saved = contents
      return parsePeers(JSON.parse(contents))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.log('warn', `the peers of the last run are lost: ${(error as Error).message}`)
      return []
    }
  }

  /** Writes the first peers of the list, where they are not those of the file already. Never rejects. */
  async save(peers: readonly Candidate[]): Promise<void> {
    const contents = describePeers(peers)
    if (this.isSaving || peers.length === 0 || contents === this.saved) return
    this.isSaving = true
    try {
      await writeFile(`${this.path}.tmp`, contents, { mode: OWNER_ONLY })
      await rename(`${this.path}.tmp`, this.path)
    } catch (error) {
      this.log('warn', `peers could not be saved: ${(error as Error).message}`)
    }
    // What failed once is tried again when there is something new.
    this.saved = contents
    this.isSaving = false
  }
}

function describePeers(peers: readonly Candidate[]): string {
  const lines = peers.slice(0, MAX_SAVED_PEERS).map(({ peerId, addresses }) => ({
    peerId,
    addresses: addresses.slice(0, MAX_SAVED_ADDRESSES_PER_PEER).map(address => address.toString()),
  }))
  // Whoever connects and goes changes the order, which is not worth a write.
  lines.sort((a, b) => (a.peerId < b.peerId ? -1 : 1))
  return `${JSON.stringify(lines, null, 2)}\n`
}

/** @throws for anything that {@link describePeers} does not write. */
function parsePeers(value: unknown): Candidate[] {
  if (!Array.isArray(value)) throw new TypeError('not a list of peers')
  return value.slice(0, MAX_SAVED_PEERS).map(({ peerId, addresses }: Record<string, unknown>) => {
    if (typeof peerId !== 'string' || !Array.isArray(addresses)) throw new TypeError('not a peer')
    peerIdFromString(peerId)
    return { peerId, addresses: addresses.map(address => multiaddr(String(address))) }
  })
}
