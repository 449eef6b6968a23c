import type { PeerHandle, PeerId } from '@onehop/overlay'
import { HandleTable } from './handle-table.ts'
import { NOBODY, type NodeDirectory } from './node-directory.ts'

/** How a machine's handles stand for nodes, and whom its driver can dial. */
export interface PeerBook {
  /** Handles that the machine holds, its own included; undefined where nobody counts. */
  readonly held: number | undefined
  intern(id: PeerId): PeerHandle
  idOf(peer: PeerHandle): PeerId
  hash32(peer: PeerHandle): number
  release(peer: PeerHandle): void
  /** The handle of a node that made itself known, or that a user named: it can be dialled from now on. */
  meet(node: number): PeerHandle
  handleOf(node: number): PeerHandle
  /** The machine has told where a peer can be dialled. */
  learn(peer: PeerHandle): void
  /** The node behind a handle; {@link NOBODY} when there is none, or it cannot be dialled. */
  dialable(peer: PeerHandle): number
  /** The node behind a handle; {@link NOBODY} when there is none. */
  nodeOf(peer: PeerHandle): number
}

/**
 * Handles are node numbers: nothing is kept for a machine, releasing does nothing, and whoever has an id knows its
 * address. One for all nodes of a simulation.
 */
export class SharedPeerBook implements PeerBook {
  readonly held = undefined
  private readonly directory: NodeDirectory

  constructor(directory: NodeDirectory) {
    this.directory = directory
  }

  intern(id: PeerId): PeerHandle {
    return this.directory.numberOf(id) as PeerHandle
  }

  idOf(peer: PeerHandle): PeerId {
    return this.directory.idOf(peer)
  }

  hash32(peer: PeerHandle): number {
    return this.directory.hash32(peer)
  }

  release(): void {}

  meet(node: number): PeerHandle {
    return node as PeerHandle
  }

  handleOf(node: number): PeerHandle {
    return node as PeerHandle
  }

  learn(): void {}

  dialable(peer: PeerHandle): number {
    return this.nodeOf(peer)
  }

  nodeOf(peer: PeerHandle): number {
    return this.directory.isNode(peer) ? peer : NOBODY
  }
}

/**
 * One machine's own handles, whose numbers go to the next peer as soon as they are released, and the peers that it
 * has told the addresses of: nobody else can be dialled. For tests: machines that break the contract are found out.
 */
export class StrictPeerBook implements PeerBook {
  private readonly directory: NodeDirectory
  private readonly handles = new HandleTable()
  private readonly addressed = new Set<number>()

  constructor(directory: NodeDirectory) {
    this.directory = directory
  }

  get held(): number {
    return this.handles.size
  }

  intern(id: PeerId): PeerHandle {
    return this.handles.intern(id)
  }

  idOf(peer: PeerHandle): PeerId {
    return this.handles.idOf(peer)
  }

  hash32(peer: PeerHandle): number {
    return this.handles.hash32(peer)
  }

  release(peer: PeerHandle): void {
    this.handles.release(peer)
  }

  meet(node: number): PeerHandle {
    this.addressed.add(node)
    return this.handleOf(node)
  }

  handleOf(node: number): PeerHandle {
    return this.handles.intern(this.directory.idOf(node))
  }

  learn(peer: PeerHandle): void {
    const node = this.nodeOf(peer)
    if (node !== NOBODY) this.addressed.add(node)
  }

  dialable(peer: PeerHandle): number {
    const node = this.nodeOf(peer)
    return this.addressed.has(node) ? node : NOBODY
  }

  nodeOf(peer: PeerHandle): number {
    return this.directory.nodeOf(this.handles.idOf(peer))
  }
}
