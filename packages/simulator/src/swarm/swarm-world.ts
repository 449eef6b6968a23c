import { assert, SeededRandom, sha1 } from '@onehop/primitives'
import { createInfo, pieceCountOf, type TorrentInfo } from '@onehop/swarm'
import { distributedLatency, KING_LIKE_ROUND_TRIP_MS, type LatencyModel } from '../latency.ts'
import { TraceHash } from '../trace-hash.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { SwarmNode } from './swarm-node.ts'
import type { SwarmParameters, SwarmRole, SwarmStrategy } from './swarm-parameters.ts'

/** A swarm in virtual time: its nodes, what lies between them, and a tracker that knows who is there. */
export class SwarmWorld {
  readonly clock = new VirtualClock(0)
  readonly trace = new TraceHash()
  readonly random: SeededRandom
  readonly info: TorrentInfo
  readonly strategy: SwarmStrategy
  readonly inOrder: boolean
  /** All that were ever there, by number. */
  readonly nodes: SwarmNode[] = []
  /** Nodes that are there. */
  readonly present = new Set<SwarmNode>()
  /** Of each piece, how many present nodes have it. */
  readonly copies: Uint16Array
  private readonly latency: LatencyModel
  private readonly seedLeavesAfterBytes: number

  constructor(parameters: SwarmParameters, strategy: SwarmStrategy) {
    const { seed, contentBytes, pieceBytes, seedLeavesAfterCopies } = parameters
    this.random = new SeededRandom(seed)
    this.latency = distributedLatency(KING_LIKE_ROUND_TRIP_MS, seed)
    this.strategy = strategy
    this.inOrder = parameters.inOrder ?? false
    this.info = infoOf(contentBytes, pieceBytes)
    this.copies = new Uint16Array(pieceCountOf(contentBytes, pieceBytes))
    this.seedLeavesAfterBytes = (seedLeavesAfterCopies ?? Number.POSITIVE_INFINITY) * contentBytes
  }

  /** A node comes. */
  add(role: SwarmRole, rates: { readonly up: number; readonly down: number }): SwarmNode {
    const node = new SwarmNode(this, this.nodes.length, role, rates)
    this.nodes.push(node)
    this.present.add(node)
    if (role === 'seed') for (let piece = 0; piece < this.copies.length; piece++) this.copies[piece]!++
    return node
  }

  latencyMs(a: SwarmNode, b: SwarmNode): number {
    return this.latency.oneWayMs(a.number, b.number, this.random.next)
  }

  /** What the tracker answers: others that are there, drawn at random. */
  sample(asker: SwarmNode, count: number): SwarmNode[] {
    const others = [...this.present].filter(node => node !== asker)
    const wanted = Math.min(count, others.length)
    for (let i = 0; i < wanted; i++) {
      const j = i + Math.floor(this.random.next() * (others.length - i))
      const held = others[i]!
      others[i] = others[j]!
      others[j] = held
    }
    return others.slice(0, wanted)
  }

  onPiece(piece: number): void {
    this.copies[piece]!++
  }

  onSent(node: SwarmNode): void {
    if (node.role === 'seed' && node.sentBytes >= this.seedLeavesAfterBytes) node.leave()
  }

  onLeft(node: SwarmNode): void {
    this.present.delete(node)
    const { have } = node.machine
    for (let piece = 0; piece < this.copies.length; piece++) if (have?.has(piece)) this.copies[piece]!--
  }
}

/** The metainfo of zeros. No piece is hashed: in this world nobody lies about content. */
function infoOf(lengthBytes: number, pieceLengthBytes: number): TorrentInfo {
  const pieceHashes = new Uint8Array(20 * pieceCountOf(lengthBytes, pieceLengthBytes))
  const info = createInfo({ name: 'swarm', lengthBytes, pieceLengthBytes, pieceHashes }, sha1)
  assert(info.ok, 'the content of a simulated swarm has a sensible size')
  return info.value
}
