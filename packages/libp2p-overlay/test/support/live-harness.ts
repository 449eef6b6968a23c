import assert from 'node:assert/strict'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { Inspection, Outcome, OverlayFactory, PeerId, Pointer } from '@onehop/overlay'
import type {
  HarnessNetwork,
  HarnessTimes,
  NetworkRequest,
  OverlayHarness,
  RunningLookup,
  TableSize,
} from '@onehop/overlay/contract'
import { createLibp2p } from 'libp2p'
import { type Libp2pOverlay, libp2pOverlay } from '../../src/index.ts'

interface LiveNode<M> {
  readonly libp2p: Libp2p<{ overlay: Libp2pOverlay<M>; [name: string]: unknown }>
  readonly overlay: Libp2pOverlay<M>
  readonly address: string
  readonly idBytes: PeerId
  dead: boolean
}

/** How often a condition is looked at again. */
const POLL_MS = 25

/** How much longer than on a free machine things may take before a test gives up. */
const PATIENCE = 40

/** Whether the tables of these nodes, which are all that live, show what they should. */
export type Convergence = (nodes: readonly InspectedNode[]) => boolean

/** A living node's tables. */
export interface InspectedNode {
  readonly peerId: string
  readonly tables: Inspection
}

async function startNode<M>(factory: OverlayFactory<M>): Promise<LiveNode<M>> {
  const state = { dead: false }
  const libp2p = await createLibp2p<{ overlay: Libp2pOverlay<M>; [name: string]: unknown }>({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 },
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialPeer: () => state.dead, denyInboundConnection: () => state.dead },
    services: { identify: identify(), overlay: libp2pOverlay<M>({ factory }) },
  })
  return Object.assign(state, {
    libp2p,
    overlay: libp2p.services.overlay,
    address: libp2p.getMultiaddrs()[0]!.toString(),
    idBytes: libp2p.peerId.toMultihash().bytes,
  })
}

class LiveHarnessNetwork<M> implements HarnessNetwork {
  private readonly options: LiveHarnessOptions<M>
  private readonly nodes: LiveNode<M>[] = []
  private readonly entered = new Set<number>()

  constructor(options: LiveHarnessOptions<M>) {
    this.options = options
  }

  async addNode(): Promise<number> {
    return this.nodes.push(await startNode(this.options.factory)) - 1
  }

  async join(node: number, introducers: readonly number[]): Promise<Outcome> {
    const outcome = await this.overlay(node).join(introducers.map(one => this.node(one).address))
    if (outcome.failure === undefined) this.entered.add(node)
    return outcome
  }

  publish: HarnessNetwork['publish'] = (node, publication) => this.overlay(node).publish(publication)

  withdraw: HarnessNetwork['withdraw'] = (node, key, target) =>
    this.overlay(node).withdraw(key, target === undefined ? {} : { target })

  lookup: HarnessNetwork['lookup'] = (node, key, options) =>
    cancellable(signal => this.overlay(node).lookup(key, { ...options, signal }))

  search: NonNullable<HarnessNetwork['search']> = (node, words, options) =>
    cancellable(signal => this.overlay(node).search(words, { ...options, signal }))

  async leave(node: number): Promise<void> {
    this.entered.delete(node)
    await this.node(node).libp2p.stop()
  }

  async kill(node: number): Promise<void> {
    const killed = this.node(node)
    this.entered.delete(node)
    killed.dead = true
    for (const connection of killed.libp2p.getConnections()) connection.abort(new Error('killed'))
    await killed.libp2p.stop()
  }

  wait(ms: number): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, ms))
  }

  async converge(): Promise<void> {
    let hasConverged = false
    const look = async () => {
      const living = [...this.entered].map(number => this.node(number))
      hasConverged = this.options.hasConverged(
        living.map(({ libp2p, overlay }) => ({
          peerId: libp2p.peerId.toString(),
          tables: overlay.inspect(),
        })),
      )
      return hasConverged
    }
    await this.until(look, this.options.times.convergenceMs)
    assert.ok(hasConverged, 'the tables do not show what they should')
  }

  async until(condition: () => Promise<boolean>, withinMs: number): Promise<void> {
    const endMs = Date.now() + PATIENCE * withinMs
    while (!(await condition()) && Date.now() < endMs) await this.wait(POLL_MS)
  }

  idOf(node: number): PeerId {
    return this.node(node).idBytes
  }

  now(): number {
    return Date.now()
  }

  inspect: HarnessNetwork['inspect'] = node => this.overlay(node).inspect()

  penalised(): readonly PeerId[] {
    throw new Error('not live')
  }

  tables(): readonly TableSize[] {
    throw new Error('not live')
  }

  partition(): Promise<void> {
    throw new Error('not live')
  }

  heal(): Promise<void> {
    throw new Error('not live')
  }

  signAs(): Pointer {
    throw new Error('not live')
  }

  handPointer(): Promise<void> {
    throw new Error('not live')
  }

  sendGarbage(): Promise<void> {
    throw new Error('not live')
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.dead = true
    await Promise.all(this.nodes.map(node => node.libp2p.stop()))
  }

  private node(node: number): LiveNode<M> {
    return this.nodes[node]!
  }

  private overlay(node: number): Libp2pOverlay<M> {
    return this.node(node).overlay
  }
}

const CANCELLED: Outcome = {
  pointers: [],
  hops: 0,
  messages: 0,
  attempts: 0,
  elapsedMs: 0,
  acknowledgements: 0,
  failure: 'cancelled',
}

/** An operation that an abort signal ends, as one that is cancelled. */
function cancellable(begin: (signal: AbortSignal) => Promise<Outcome>): RunningLookup {
  const cancelling = new AbortController()
  const outcome = begin(cancelling.signal).catch(error => {
    if (cancelling.signal.aborted) return CANCELLED
    throw error
  })
  return { outcome, cancel: () => cancelling.abort() }
}

/** What the harness must know of an overlay beyond its factory. */
export interface LiveHarnessOptions<M> {
  readonly factory: OverlayFactory<M>
  readonly times: HarnessTimes
  readonly mostHops: number
  readonly searches: boolean
  /** See {@link OverlayHarness.confirms}. */
  readonly confirms?: boolean
  readonly hasConverged: Convergence
}

/** Networks of real libp2p nodes on this machine, for the contract's tests. */
export function liveHarness<M>(options: LiveHarnessOptions<M>): OverlayHarness {
  return {
    times: options.times,
    mostHops: options.mostHops,
    searches: options.searches,
    confirms: options.confirms ?? true,
    isLive: true,
    seeds: [1],
    faults: { loss: false, partition: false, attack: false },
    create: async ({ nodes }: NetworkRequest) => {
      const network = new LiveHarnessNetwork(options)
      await Promise.all(Array.from({ length: nodes }, () => network.addNode()))
      return network
    },
  }
}
