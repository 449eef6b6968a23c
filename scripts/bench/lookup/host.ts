/** A process that hosts nodes, and does with them what the process that started it asks. */
import { BareRequests, type RequestKind } from './bare-request.ts'
import { benchCid } from './content.ts'
import type { HostAnswer, HostCall, HostOperations, HostRequest, NodeTraffic } from './host-operations.ts'
import { startKadNode } from './kad-node.ts'
import { startKelipsNode } from './kelips-node.ts'
import type { LookupNode } from './lookup-node.ts'
import type { SocketBytes } from './metered-tcp.ts'

interface HostedNode {
  readonly node: LookupNode
  readonly bytes: SocketBytes
  readonly requests: BareRequests
}

const nodes: HostedNode[] = []
let before = memoryNow()

function memoryNow() {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssBytes: rss, heapBytes: heapUsed + external }
}

function hosted(number: number): HostedNode {
  const node = nodes[number]
  if (node === undefined) throw new Error(`there is no node ${number}`)
  return node
}

async function startNode({ system, oneWayDelayMs }: HostRequest): Promise<HostedNode> {
  const bytes: SocketBytes = { sent: 0, received: 0 }
  const start = system === 'kelips' ? startKelipsNode : startKadNode
  const node = await start(bytes, oneWayDelayMs)
  const requests = new BareRequests(node.libp2p)
  await requests.start()
  return { node, bytes, requests }
}

async function withSocketBytes<Result>({ bytes }: HostedNode, work: () => Promise<Result>) {
  const beforeBytes = bytes.sent + bytes.received
  const result = await work()
  return { ...result, socketBytes: bytes.sent + bytes.received - beforeBytes }
}

function trafficOf({ node, bytes }: HostedNode): NodeTraffic {
  const { sent, received } = node.messageBytes()
  return {
    socketSent: bytes.sent,
    socketReceived: bytes.received,
    messageSent: sent,
    messageReceived: received,
    connections: node.libp2p.getConnections().length,
  }
}

/**
 * To peers that the node is connected with, one after the other. The streams are opened before; what is measured comes
 * some time later, as a lookup does, not right after another request to the same peer.
 */
async function bareRequests(
  { node, requests }: HostedNode,
  kind: RequestKind,
  first: number,
  count: number,
): Promise<number[]> {
  const timesMs: number[] = []
  const peers = node.libp2p.getPeers().filter(peer => requests.isOpen(peer, kind))
  for (let i = 0; i < count && peers.length > 0; i++) {
    const peer = peers[(first + i) % peers.length]!
    const beganMs = performance.now()
    await requests.ask(peer, kind)
    timesMs.push(performance.now() - beganMs)
  }
  return timesMs
}

const operations: HostOperations = {
  async start(request) {
    before = memoryNow()
    for (let i = 0; i < request.nodes; i++) nodes.push(await startNode(request))
    return nodes.map(({ node }) => String(node.libp2p.getMultiaddrs()[0]))
  },
  join: (node, introducers) => hosted(node).node.join(introducers),
  joined: async () => nodes.map(({ node }) => node.joined()),
  async provide(node, cid) {
    try {
      return await withSocketBytes(hosted(node), () => hosted(node).node.provide(benchCid(cid)))
    } catch (error) {
      return { error: String(error) }
    }
  },
  find: (node, cid) => withSocketBytes(hosted(node), () => hosted(node).node.find(benchCid(cid))),
  openStreams: async node => {
    const { libp2p } = hosted(node).node
    for (const peer of libp2p.getPeers()) await hosted(node).requests.open(peer)
  },
  requests: (node, kind, first, count) => bareRequests(hosted(node), kind, first, count),
  traffic: async () => nodes.map(trafficOf),
  async memory() {
    const after = memoryNow()
    return { rssBytes: after.rssBytes - before.rssBytes, heapBytes: after.heapBytes - before.heapBytes }
  },
  async stop() {
    await Promise.all(nodes.map(({ node }) => node.libp2p.stop()))
  },
}

async function perform({ id, name, parameters }: HostCall): Promise<HostAnswer> {
  try {
    const operation = operations[name] as (...all: readonly unknown[]) => Promise<unknown>
    return { id, result: await operation(...parameters) }
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

process.on('message', async message => {
  const answer = await perform(message as HostCall)
  process.send?.(answer)
})
process.once('disconnect', () => process.exit())
